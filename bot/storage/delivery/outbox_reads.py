"""Outbox queries outside delivery: for the desk, monitoring, case timers and restores."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bot.domain.delivery.after_restore import Pending
from bot.domain.delivery.delivery_rules import OPEN_STATES, OutboundState
from bot.storage.schema.residents_and_cases import is_notice, outbound

_ENDED = {"fault": "restored", "ticket": None, "leased_until": None}


def read_pending(connection: Connection) -> list[Pending]:
    """All waiting messages to residents."""
    query = select(outbound).where(outbound.c.state.in_(OPEN_STATES), ~is_notice)
    return [
        Pending(row.id, row.created_at, row.ticket_at if row.ticket else None, row.pushed_at, row.leaves, row.channel)
        for row in connection.execute(query)
    ]


def mark_delivery_unknown(connection: Connection, delivery: str) -> None:
    """After a restore: it may have been sent since the backup, so it is not sent again."""
    values = {"state": OutboundState.UNKNOWN, **_ENDED}
    connection.execute(update(outbound).where(outbound.c.id == delivery).values(values))


def suppress_waiting_notices(connection: Connection) -> int:
    """After a restore: waiting notices may have been sent since the backup, and the case timers notify staff again.

    Returns their number.
    """
    values = {"state": OutboundState.SPARED, **_ENDED}
    waiting = (is_notice, outbound.c.state.in_(OPEN_STATES))
    return connection.execute(update(outbound).where(*waiting).values(values)).rowcount


def oldest_queued(connection: Connection) -> datetime | None:
    """Creation time of the oldest waiting message to a resident."""
    query = select(func.min(outbound.c.created_at)).where(outbound.c.state.in_(OPEN_STATES), ~is_notice)
    return connection.execute(query).scalar()


def count_deliveries(connection: Connection) -> dict[str, int]:
    """Counts of platform messages to residents by state; `in-doubt`: pushed without knowing the first outcome."""
    matches = (outbound.c.channel != "", ~is_notice)
    states = select(outbound.c.state, func.count()).where(*matches).group_by(outbound.c.state)
    doubtful = select(func.count()).select_from(outbound).where(*matches, outbound.c.pushed_in_doubt)
    counts = {row[0]: row[1] for row in connection.execute(states)}
    return counts | {"in-doubt": connection.execute(doubtful).scalar_one()}


def find_notice(connection: Connection, recipient: str, message: str) -> str | None:
    """The case that this chat message is about; empty if about none; None if it is not a notice."""
    matches = (is_notice, outbound.c.recipient == recipient, outbound.c.message == message)
    row = connection.execute(select(outbound.c.case_id).where(*matches).limit(1)).first()
    return (row.case_id or "") if row else None


def read_notices(connection: Connection, case_id: str) -> list[tuple[str, str, datetime, str]]:
    """(recipient, why, when, state) of the notices of a case, oldest first."""
    query = select(outbound).where(outbound.c.case_id == case_id).order_by(outbound.c.created_at)
    return [(row.recipient, row.why, row.created_at, row.state) for row in connection.execute(query)]


def was_notified_since(connection: Connection, case_id: str, since: datetime) -> bool:
    """Whether a notice about this case was queued since then."""
    matches = (outbound.c.case_id == case_id, outbound.c.created_at > since)
    return connection.execute(select(outbound.c.id).where(*matches).limit(1)).first() is not None


def count_failed_notices(connection: Connection, since: datetime) -> int:
    """The number of notices since then that failed."""
    matches = (is_notice, outbound.c.state == OutboundState.FAILED, outbound.c.created_at >= since)
    return connection.execute(select(func.count()).select_from(outbound).where(*matches)).scalar_one()
