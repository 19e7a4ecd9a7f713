"""The question 「窓口につながりましたか」 3 and 14 days after a case, only with consent and where it cannot harm."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.cases.case import Case
from bot.domain.cases.case_deadlines import may_write_at
from bot.domain.cases.case_transitions import CaseAction, FollowUpReport, Reason, next_status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.understanding.kinds import Kinds

ASKED_AFTER = (timedelta(days=3), timedelta(days=14))
"""After the end of the case."""
KNOWN_FOR = timedelta(days=30)
"""How long after its end a case can still be agreed on, reported on and reopened by a button."""
_HELPED = frozenset({Reason.DONE, Reason.PASSED_ON})


def may_be_asked(case: Case, kinds: Kinds) -> bool:
    """Whether the question is offered at the end of this case."""
    return kinds[case.kind].may_be_asked_later and case.reason in _HELPED and not case.is_drill


def agreed(case: Case, now: datetime, roster: DutyRoster) -> Case:
    status = next_status(case.status, CaseAction.AGREE)
    return replace(case, status=status, changed_at=now, ask_at=_when(case, 0, now, roster))


def asked(case: Case, now: datetime, roster: DutyRoster) -> Case:
    """The second question is the last."""
    status, asks = next_status(case.status, CaseAction.ASK), case.asks + 1
    ask_at = _when(case, asks, now, roster) if asks < len(ASKED_AFTER) else None
    return replace(case, status=status, changed_at=now, asks=asks, ask_at=ask_at)


def reported(case: Case, report: FollowUpReport, now: datetime) -> Case:
    """After an answer the resident is not asked again."""
    found_help = {FollowUpReport.FOUND_HELP: "yes", FollowUpReport.NO_HELP_YET: "no"}.get(report, case.found_help)
    return replace(
        case, status=next_status(case.status, CaseAction.REPORT), changed_at=now, ask_at=None, found_help=found_help
    )


def _when(case: Case, asks: int, now: datetime, roster: DutyRoster) -> datetime:
    """In duty hours, so that somebody is there for the answer, and outside the quiet hours."""
    at = max(now, (case.closed_at or now) + ASKED_AFTER[asks])
    if not roster.is_open(at):
        at = roster.next_opening(at) or at
    return may_write_at(case.quiet_from, case.quiet_until, at)
