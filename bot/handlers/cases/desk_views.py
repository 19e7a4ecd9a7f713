"""Data for the desk's pages: the queue, and one case with its history. Opening a case leaves an audit entry."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.phone_lines import PhoneLines, ReplyContext
from bot.domain.messages import Call, Route
from bot.domain.staff.permissions import Permission, Staff, may
from bot.handlers.app_context import AppContext, PublishedContent
from bot.handlers.cases.notify_staff import read_duty_roster
from bot.storage.cases.case_rows import (
    CaseEvent,
    cases_joined_to,
    cases_of,
    list_cases,
    read_case,
    read_case_by_id,
    read_history,
)
from bot.storage.conversation.message_rows import TalkEntry, read_case_talk
from bot.storage.conversation.resident_rows import channel_of, is_reachable
from bot.storage.delivery.outbox_reads import read_notices
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.staff_rows import list_staff


@dataclass(frozen=True)
class QueueRow:
    """One row of the queue. `waits`: how long the resident has waited for an answer; None if they do not."""

    case: Case
    owner: str
    waits: timedelta | None


@dataclass(frozen=True)
class Queue:
    """The open cases at the time `at`. `on_duty`: those who are notified now, in order."""

    rows: tuple[QueueRow, ...]
    at: datetime
    on_duty: tuple[Staff, ...]
    is_open: bool
    next_opening: datetime | None

    @property
    def waiting(self) -> int:
        """The number of unclaimed cases, without drills."""
        return sum(1 for row in self.rows if row.case.status is Status.WAITING and not row.case.is_drill)


@dataclass(frozen=True)
class CaseView:
    """One case on one page."""

    case: Case
    owner: str
    talk: tuple[TalkEntry, ...]
    history: tuple[CaseEvent, ...]
    notices: tuple[tuple[str, str, datetime, str], ...]
    names: dict[str, str]
    colleagues: tuple[Staff, ...]
    calls: tuple[Call, ...]
    channel: str
    is_reachable: bool
    allowed: frozenset[Permission]
    joined: tuple[tuple[Case, tuple[TalkEntry, ...]], ...]
    """Cases merged into this one, with their messages."""
    goes_on_in: Case | None
    before: tuple[Case, ...]
    """Earlier cases from the same account."""

    @property
    def read_until(self) -> datetime | None:
        """When the resident's last message in this view arrived."""
        return max((entry.at for entry in self.talk if entry.reply is None), default=None)


def read_queue(context: AppContext) -> Queue:
    """Emergencies first, unclaimed before claimed, then by waiting time."""
    now = context.clock()
    with context.store.reading() as connection:
        accounts = {account.id: account for account in list_staff(connection)}
        names = {account.id: account.name for account in accounts.values()}
        roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
        cases = list_cases(connection, open_only=True)
    rows = [
        QueueRow(case, names.get(case.owner, ""), now - case.unanswered_since if case.unanswered_since else None)
        for case in cases
    ]
    rows.sort(key=_rank)
    on_duty = tuple(accounts[staff] for staff in roster.on_duty(now) if staff in accounts)
    return Queue(tuple(rows), now, on_duty, roster.is_open(now), roster.next_opening(now))


def read_case_view(context: AppContext, staff: Staff, number: str) -> CaseView | None:
    """The case with this number; records in the audit trail that it was opened."""
    now, keys = context.clock(), context.keys
    with context.store.reading() as connection:
        case = read_case(connection, number)
        if case is None:
            return None
        roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
        accounts = list_staff(connection)
        view = CaseView(
            case,
            _names(connection).get(case.owner, ""),
            tuple(read_case_talk(connection, keys, case.id)),
            tuple(read_history(connection, keys, case.id)),
            tuple(read_notices(connection, case.id)),
            {account.id: account.name for account in accounts},
            tuple(
                other for other in accounts if may(other, Permission.CLAIM) and other.id not in {staff.id, case.owner}
            ),
            _calls(context.content, case, roster, now),
            channel_of(connection, case.resident),
            is_reachable(connection, case.resident),
            frozenset(permission for permission in Permission if may(staff, permission, case)),
            tuple(
                (joined, tuple(read_case_talk(connection, keys, joined.id)))
                for joined in cases_joined_to(connection, case.id)
            ),
            read_case_by_id(connection, case.joined_to) if case.joined_to else None,
            tuple(other for other in cases_of(connection, case.resident) if other.id != case.id),
        )
    context.store.transaction(
        lambda connection: add_audit_entry(connection, AuditEntry(now, staff.id, "case-view", case.id))
    )
    return view


def read_case_state(store: Store, number: str) -> str:
    """A value that changes with every change of the case; empty if there is no such case."""
    with store.reading() as connection:
        case = read_case(connection, number)
        return f"{case.status} {case.owner} {case.changed_at.isoformat()}" if case else ""


def _calls(content: PublishedContent, case: Case, roster: DutyRoster, now: datetime) -> tuple[Call, ...]:
    """The phone lines for this kind of trouble, and whether they are open now."""
    moment = ReplyContext(now.astimezone(CITY_ZONE), is_holiday, case.number, roster=roster)
    lines = PhoneLines(content.catalog, moment, content.wording())
    return lines.calls([*lines.desk_lines(), *lines.crisis_lines(case.kind)])


def _rank(row: QueueRow) -> tuple[bool, bool, datetime]:
    urgent = row.case.urgency is Route.EMERGENCY
    return not urgent, row.case.status is not Status.WAITING, row.case.unanswered_since or row.case.changed_at


def _names(connection: Connection) -> dict[str, str]:
    return {account.id: account.name for account in list_staff(connection)}
