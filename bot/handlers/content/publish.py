"""Publish a checked draft, or restore an old revision. Each is one commit; until then the old revision serves."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.content.content_files import Files, digest_of, pack_files, unpack_files
from bot.content.upgrade_merge import merge_upgrade
from bot.domain.staff.permissions import Permission, Staff, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_report import RegressionReport, load_report
from bot.handlers.content.edit_draft import Draft, read_check, read_draft, rebase_draft
from bot.storage.content.draft_rows import clear_draft, newest_edit, write_draft_file
from bot.storage.content.regression_rows import RegressionRow, clear_regressions, request_approval
from bot.storage.content.revision_rows import (
    BehindError,
    Revision,
    RevisionOrigin,
    add_revision,
    list_revisions,
    lock_newest,
    read_content,
    read_revision,
    store_content,
)
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry

LONGEST_REASON = 500


class NotCheckedError(Exception):
    """The draft has no regression check, or its check failed."""


class OwnRequestError(Exception):
    """The requester of a publish cannot approve it: that needs a second person."""


class NoReasonError(Exception):
    """No reason was given."""


@dataclass(frozen=True)
class CheckedDraft:
    draft: Draft
    row: RegressionRow
    report: RegressionReport


def request_publish(context: AppContext, staff: Staff, digest: str, reason: str) -> None:
    """Ask a second person to publish. Raises NotCheckedError, NoReasonError."""
    checked = _checked_draft(context.store, digest)
    if not reason.strip():
        raise NoReasonError
    now = context.clock()

    def work(connection: Connection) -> None:
        request_approval(connection, checked.row.digest, staff.id, now, reason.strip()[:LONGEST_REASON])
        add_audit_entry(connection, AuditEntry(now, staff.id, "publish-wanted", "", digest))

    context.store.transaction(work)


def publish(context: AppContext, staff: Staff, digest: str, reason: str = "") -> Revision:
    """Activate the checked draft. If the office requires a second reader, `staff` is the second reader.

    Raises NotAllowedError, NotCheckedError, OwnRequestError, NoReasonError, BehindError.
    """
    require(staff, Permission.EDIT_CONTENT)
    checked = _checked_draft(context.store, digest)
    author, second = staff.id, ""
    if context.content.catalog.publishing.second_reader:
        author, second, reason = checked.row.wanted_by, staff.id, checked.row.reason
        if not author:
            raise NotCheckedError
        if author == staff.id:
            raise OwnRequestError
    if not reason.strip():
        raise NoReasonError
    revision = next_revision(context.clock(), checked.draft.base, RevisionOrigin.PUBLISHED, digest)
    revision = replace(revision, author=author, second_reader=second, reason=reason.strip()[:LONGEST_REASON])
    activate_revision(context.store, staff.id, revision, checked.draft)
    return revision


def restore(context: AppContext, staff: Staff, number: int) -> Revision:
    """Activate an old revision as a new one; the draft stays. Raises NotAllowedError, BehindError."""
    require(staff, Permission.EDIT_CONTENT)
    draft = read_draft(context.store)
    files = _restored_files(context.store, draft, number)
    revision = next_revision(context.clock(), draft.base, RevisionOrigin.RESTORED, digest_of(files))
    revision = replace(revision, author=staff.id, reason=f"第{number}版に戻しました")
    activate_revision(context.store, staff.id, revision, draft, files)
    return revision


def activate_revision(store: Store, by: str, revision: Revision, draft: Draft, files: Files | None = None) -> None:
    """One commit. `files`: content other than the draft; the draft is then rebased on it. Raises BehindError."""
    packed = pack_files(draft.files if files is None else files)
    rebased_files = {} if files is None else rebase_draft(draft, files)

    def work(connection: Connection) -> None:
        if lock_newest(connection) != draft.base.number or newest_edit(connection) != draft.newest:
            raise BehindError
        store_content(connection, revision.digest, packed)
        add_revision(connection, revision)
        clear_draft(connection)
        for file, body in rebased_files.items():
            write_draft_file(connection, file, body.decode())
        clear_regressions(connection)
        add_audit_entry(
            connection, AuditEntry(revision.at, by, f"content-{revision.way}", "", f"revision {revision.number}")
        )

    store.transaction(work)


def revisions_of(store: Store) -> list[Revision]:
    """Newest first."""
    with store.reading() as connection:
        return list_revisions(connection)


def files_of(store: Store, number: int) -> Files:
    """Raises LookupError."""
    with store.reading() as connection:
        revision = read_revision(connection, number)
        if revision is None:
            raise LookupError(number)
        return unpack_files(read_content(connection, revision.digest))


def _checked_draft(store: Store, digest: str) -> CheckedDraft:
    draft = read_draft(store)
    row = read_check(store, draft)
    if row is None or row.digest != digest or row.found is None:
        raise NotCheckedError
    report = load_report(row.found)
    if report.is_refused or not draft.is_changed:
        raise NotCheckedError
    return CheckedDraft(draft, row, report)


def _restored_files(store: Store, draft: Draft, number: int) -> Files:
    """Files of an old revision, with what newer versions have shipped since (danger words above all)."""
    with store.reading() as connection:
        old = read_revision(connection, number)
        if old is None:
            raise LookupError(number)
        files = unpack_files(read_content(connection, old.digest))
        if old.shipped == draft.base.shipped:
            return files
        shipped = [unpack_files(read_content(connection, revision.shipped)) for revision in (old, draft.base)]
    return merge_upgrade(shipped[0], files, shipped[1]).files


def next_revision(now: datetime, base: Revision, way: RevisionOrigin, digest: str) -> Revision:
    """The revision after `base`, without author and reason."""
    return Revision(base.number + 1, digest, base.shipped, way, "", "", "", now)
