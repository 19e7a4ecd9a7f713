"""Queue statistics for monitoring: overdue work, waiting times, counts."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, or_, select

from bot.domain.cases.case_transitions import OPEN_STATUSES, Status
from bot.domain.delivery.delivery_rules import OPEN_STATES
from bot.domain.delivery.staff_notice import BY_MAIL
from bot.storage.delivery.outbox_reads import count_deliveries, oldest_queued
from bot.storage.delivery.outbox_rows import is_first_in_line
from bot.storage.inbox.inbox_rows import InboxState, count_dead_letters, oldest_waiting
from bot.storage.schema.residents_and_cases import cases, inbox, is_notice, outbound


@dataclass(frozen=True)
class Figures:
    """Figures without personal data. Times: start of the longest wait; None if nothing waits."""

    open_cases: Counter[str]
    """By urgency."""
    oldest_case: datetime | None
    oldest_unclaimed: datetime | None
    oldest_unsent: datetime | None
    oldest_event: datetime | None
    dead_letters: int
    deliveries: dict[str, int]
    notices: Counter[str]
    cases_without_way: int
    """Open cases of residents who cannot be reached: their address is unknown, or they have blocked the bot."""


def overdue(connection: Connection, channels: Collection[str], before: datetime) -> str:
    """Describes work that was due before then and has not been tried; empty if there is none.

    Tried, not done: messages to a platform or mail server that is down are retried, and a restart would not help. Work
    of a kind with a recent lease is in progress. Channels that are not connected do not count.
    """
    waiting = (inbox.c.state == InboxState.WAITING, inbox.c.channel.in_(channels))
    is_open = outbound.c.state.in_(OPEN_STATES)
    sending = (is_open, ~is_notice, outbound.c.channel.in_(channels), is_first_in_line(before))
    telling = (is_open, is_notice, outbound.c.channel.in_((BY_MAIL, *channels)))
    checks = (
        ("events wait to be taken up", inbox, waiting),
        ("messages wait for delivery", outbound, sending),
        ("notices to staff wait", outbound, telling),
    )
    for fault, table, matches in checks:
        if _is_stuck(connection, table, and_(*matches), before):
            return fault
    alarm = (cases.c.status == Status.WAITING) & (cases.c.alarm_at < before)
    lease = (cases.c.status == Status.CLAIMED) & (cases.c.lease_until < before)
    return "the clocks of the cases stand still" if _any(connection, select(cases.c.id).where(alarm | lease)) else ""


def read_figures(connection: Connection) -> Figures:
    is_open = cases.c.status.in_(OPEN_STATUSES)
    unclaimed = cases.c.status == Status.WAITING
    without_way = is_open & exists().where(outbound.c.resident_id == cases.c.resident_id, outbound.c.fault == "no-way")
    return Figures(
        open_cases=_counted(connection, cases.c.urgency, is_open),
        oldest_case=_oldest(connection, cases.c.opened_at, is_open),
        oldest_unclaimed=_oldest(connection, func.coalesce(cases.c.unanswered_since, cases.c.opened_at), unclaimed),
        oldest_unsent=oldest_queued(connection),
        oldest_event=oldest_waiting(connection),
        dead_letters=count_dead_letters(connection),
        deliveries=count_deliveries(connection),
        notices=_counted(connection, outbound.c.state, is_notice),
        cases_without_way=_counted(connection, cases.c.urgency, without_way).total(),
    )


def _is_stuck(connection: Connection, table: Table, matches: ColumnElement[bool], before: datetime) -> bool:
    """Whether a row of this kind has been due since before then, and none of the kind was leased after it."""
    free = or_(table.c.leased_until.is_(None), table.c.leased_until < before)
    if not _any(connection, select(table.c.id).where(matches, table.c.due_at < before, free)):
        return False
    return not _any(connection, select(table.c.id).where(matches, table.c.leased_until >= before))


def _any(connection: Connection, query: Select[tuple[str]]) -> bool:
    return connection.execute(query.limit(1)).first() is not None


def _counted(connection: Connection, column: ColumnElement[str], matches: ColumnElement[bool]) -> Counter[str]:
    rows = connection.execute(select(column, func.count()).where(matches).group_by(column))
    return Counter({row[0]: row[1] for row in rows})


def _oldest(connection: Connection, column: ColumnElement[datetime], matches: ColumnElement[bool]) -> datetime | None:
    return connection.execute(select(func.min(column)).where(matches)).scalar()
