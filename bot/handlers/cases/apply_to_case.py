"""Apply a resident's message to their case: open, extend, escalate or cancel it, and notify staff."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.cases.case import (
    Arrived,
    Case,
    CaseWish,
    after_message,
    cancelled,
    for_other,
    opened,
    put_back,
    returned,
    shown_number,
)
from bot.domain.cases.case_deadlines import PAGE_OPENS_FOR
from bot.domain.cases.case_transitions import CaseAction, FollowUpReport, Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.escalation import StaffAlert
from bot.domain.cases.follow_up import KNOWN_FOR, agreed, may_be_asked, reported
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.turn import Turn
from bot.domain.messages import Inbound, Route
from bot.domain.switches import Switches
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import notify_staff, read_duty_roster
from bot.storage.cases.case_rows import CaseChange, change_case, find_last_case, find_open_case, free_number, open_case
from bot.storage.cases.proposal_rows import delete_proposed_of
from bot.storage.conversation.private_rows import offer_page
from bot.storage.identifiers import hashed, new_id
from bot.storage.staff.audit_rows import RESIDENT
from bot.storage.staff.duty_rows import read_switches


@dataclass(frozen=True)
class CaseStanding:
    """The case state of the resident who wrote `last`, read and locked in this transaction.

    `case`: the open case; `ended`: without an open one, a case closed in the last weeks. `number`: the case number for
    the reply. `token`: opens the private page once; empty if it cannot be offered.
    """

    connection: Connection
    context: AppContext
    resident: str
    last: Inbound
    case: Case | None
    ended: Case | None
    number: str
    roster: DutyRoster
    switches: Switches
    token: str

    @property
    def now(self) -> datetime:
        """When the message came."""
        return self.last.received_at

    def moment(self, now: datetime) -> ReplyContext:
        """The context of a reply at `now`."""
        case = self.case
        return ReplyContext(
            now.astimezone(CITY_ZONE),
            is_holiday,
            shown_number(self.number),
            case_is_open=case is not None,
            in_danger=case is not None and case.is_danger_at(now),
            case_has_ended=self.ended is not None,
            may_agree=self.ended is not None and may_be_asked(self.ended, self.context.content.catalog.kinds),
            staff_answer=case is not None and case.staff_answer,
            private_link=f"{self.context.public_url}/private/{self.token}" if self.token else "",
            roster=self.roster,
            switches=self.switches,
        )

    def save(
        self, before: Case, after: Case, action: CaseAction, *, danger: bool = False, quietly: bool = False
    ) -> str:
        """Store what the resident did to the case, and notify staff unless `quietly`; returns the case id."""
        change_case(self.connection, self.context.keys, before, after, CaseChange(action, RESIDENT))
        if not quietly:
            notify_staff(
                self.connection,
                self.context.keys,
                self.context.staff_channels,
                self.roster,
                StaffAlert(after, action, self.now, danger),
            )
        return after.id


def read_case_standing(connection: Connection, context: AppContext, resident: str, last: Inbound) -> CaseStanding:
    """Read and lock the resident's case state."""
    case = find_open_case(connection, resident)
    ended = None if case else find_last_case(connection, resident, last.received_at - KNOWN_FOR)
    days = context.content.catalog.duty.same_case_days
    known = case or (ended if ended and _is_same(days, ended, last.received_at) else None)
    return CaseStanding(
        connection,
        context,
        resident,
        last,
        case,
        ended,
        number=known.number if known else free_number(connection),
        roster=read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels),
        switches=read_switches(connection),
        token=secrets.token_urlsafe(24) if context.public_url and last.goes_out else "",
    )


def joins_silently(turn: Turn, case: Case | None) -> bool:
    """Whether an ordinary message also belongs to the open case, because staff read everything the resident writes."""
    asks = turn.case or turn.adds or turn.steers or turn.cancels or turn.returns or turn.for_other
    return case is not None and not case.bot_answers and not asks


def apply_turn(turn: Turn, at: CaseStanding, *, bot_speaks: bool) -> str | None:
    """Apply the turn to the resident's case; returns the id of the case the message belongs to.

    `bot_speaks`: whether the bot replies to this message.
    """
    if at.case is None:
        return _without_open_case(turn, at)
    case, now = at.case, at.now
    if turn.cancels:
        return at.save(case, cancelled(case, now), CaseAction.CANCEL)
    if turn.for_other:
        return at.save(case, for_other(case, now), CaseAction.FOR_OTHER)
    if turn.returns and case.staff_answer:
        return at.save(case, returned(case, now), CaseAction.RETURN, quietly=True)
    if not (turn.case or turn.adds or case.staff_answer or joins_silently(turn, case)):
        return None
    action, after = after_message(case, turn.case, now, at.roster, at.context.content.catalog.kinds)
    if bot_speaks and case.staff_answer and turn.case:
        after = replace(after, told_at=now)
    _store_offered_page(turn, at, case.id)
    return at.save(case, after, action, danger=_is_danger(turn))


def _without_open_case(turn: Turn, at: CaseStanding) -> str | None:
    """Open a case, reopen a recently closed one, or record a follow-up report about it."""
    if turn.report and at.ended:
        return _report(turn.report, at.ended, at)
    if turn.case is None:
        return None
    if at.ended and _is_same(at.context.content.catalog.duty.same_case_days, at.ended, at.now):
        case = _reopen(turn.case, at.ended, at)
    else:
        case = _open(turn.case, at)
    _store_offered_page(turn, at, case)
    return case


def _open(wish: CaseWish, at: CaseStanding) -> str:
    arrived = Arrived(at.now, at.resident, at.last.source)
    case = opened(new_id(), at.number, wish, arrived, at.roster)
    open_case(at.connection, at.context.keys, case)
    danger = wish.urgency is Route.EMERGENCY
    notify_staff(
        at.connection,
        at.context.keys,
        at.context.staff_channels,
        at.roster,
        StaffAlert(case, CaseAction.OPEN, at.now, danger),
    )
    return case.id


def _reopen(wish: CaseWish, ended: Case, at: CaseStanding) -> str:
    # The new wish decides urgency and deadlines, whether the case was more or less urgent before.
    again = put_back(replace(ended, urgency=wish.urgency, kind=wish.kind), CaseAction.REOPEN, at.now, at.roster)
    delete_proposed_of(at.connection, ended.id)
    return at.save(ended, again, CaseAction.REOPEN, danger=wish.urgency is Route.EMERGENCY)


def _report(report: FollowUpReport, ended: Case, at: CaseStanding) -> str | None:
    """Record whether the resident found help; if not yet, the case goes back into the queue."""
    if report is FollowUpReport.AGREE:
        return at.save(ended, agreed(ended, at.now, at.roster), CaseAction.AGREE, quietly=True)
    after = reported(ended, report, at.now)
    at.save(ended, after, CaseAction.REPORT, quietly=True)
    if report is FollowUpReport.NO_HELP_YET:
        return at.save(after, put_back(after, CaseAction.REOPEN, at.now, at.roster), CaseAction.REOPEN)
    return ended.id


def _store_offered_page(turn: Turn, at: CaseStanding, case: str) -> None:
    if at.token and turn.case and f"/private/{at.token}" in turn.reply.text:
        offer_page(at.connection, hashed(at.token), case, at.now + PAGE_OPENS_FOR)


def _is_same(days: int, ended: Case, now: datetime) -> bool:
    """Whether a new message still belongs to the closed case (within the office's `same_case_days`)."""
    return ended.status is Status.CLOSED and ended.closed_at is not None and now - ended.closed_at <= timedelta(days)


def _is_danger(turn: Turn) -> bool:
    return turn.case is not None and turn.case.urgency is Route.EMERGENCY
