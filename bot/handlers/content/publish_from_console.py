"""Publish from the command line: checked at once, without a second reader."""

from dataclasses import replace

from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_jobs import check_for_regressions
from bot.handlers.content.checks.regression_report import RegressionReport
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.publish import LONGEST_REASON, activate_revision, next_revision
from bot.storage.content.revision_rows import Revision, RevisionOrigin


def publish_at_once(context: AppContext, reason: str) -> tuple[RegressionReport, Revision | None]:
    """Check the draft and activate it if the check passes. Takes seconds. Raises BehindError."""
    draft = read_draft(context.store)
    report = check_for_regressions(context, (draft.published, draft.files))
    if report.is_refused or not draft.is_changed:
        return report, None
    revision = replace(
        next_revision(context.clock(), draft.base, RevisionOrigin.PUBLISHED, draft.digest),
        reason=reason[:LONGEST_REASON],
    )
    activate_revision(context.store, "", revision, draft)
    return report, revision
