"""What is read, counted and settled in the outbox beside delivery: for the desk, the watch, the clocks, a restore."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bot.domain.delivery.after_restore import Pending
from bot.domain.delivery.delivery_rules import OPEN_STATES, OutboundState
from bot.storage.schema.residents_and_cases import is_notice, outbound

_NOT_ANY_MORE = {"fault": "restored", "ticket": None, "leased_until": None}


def read_pending(connection: Connection) -> list[Pending]:
    """Every message to a resident that waits."""
    query = select(outbound).where(outbound.c.state.in_(OPEN_STATES), ~is_notice)
    return [
        Pending(row.id, row.created_at, row.ticket_at if row.ticket else None, row.pushed_at, row.leaves, row.channel)
        for row in connection.execute(query)
    ]


def mark_delivery_unknown(connection: Connection, delivery: str) -> None:
    """After a restore: nobody knows whether it went out, and it is not sent again."""
    values = {"state": OutboundState.UNKNOWN, **_NOT_ANY_MORE}
    connection.execute(update(outbound).where(outbound.c.id == delivery).values(values))


def spare_waiting(connection: Connection) -> int:
    """After a restore: notices that wait may have gone out since, and the clocks tell staff anew; how many."""
    values = {"state": OutboundState.SPARED, **_NOT_ANY_MORE}
    waiting = (is_notice, outbound.c.state.in_(OPEN_STATES))
    return connection.execute(update(outbound).where(*waiting).values(values)).rowcount


def oldest_queued(connection: Connection) -> datetime | None:
    """When the oldest message to a resident that waits for delivery was written."""
    query = select(func.min(outbound.c.created_at)).where(outbound.c.state.in_(OPEN_STATES), ~is_notice)
    return connection.execute(query).scalar()


def count_deliveries(connection: Connection) -> dict[str, int]:
    """How many messages to residents of platforms stand in each state, and how many were pushed in doubt."""
    mine = (outbound.c.channel != "", ~is_notice)
    states = select(outbound.c.state, func.count()).where(*mine).group_by(outbound.c.state)
    doubtful = select(func.count()).select_from(outbound).where(*mine, outbound.c.pushed_in_doubt)
    counts = {row[0]: row[1] for row in connection.execute(states)}
    return counts | {"in-doubt": connection.execute(doubtful).scalar_one()}


def find_notice(connection: Connection, recipient: str, message: str) -> str | None:
    """The case that this message in a chat is about, empty where it is about none; None where it is no notice."""
    mine = (is_notice, outbound.c.recipient == recipient, outbound.c.message == message)
    row = connection.execute(select(outbound.c.case_id).where(*mine).limit(1)).first()
    return (row.case_id or "") if row else None


def read_notices(connection: Connection, case_id: str) -> list[tuple[str, str, datetime, str]]:
    """(recipient, why, when, state) of the notices of a case, oldest first."""
    query = select(outbound).where(outbound.c.case_id == case_id).order_by(outbound.c.created_at)
    return [(row.recipient, row.why, row.created_at, row.state) for row in connection.execute(query)]


def was_told_since(connection: Connection, case_id: str, since: datetime) -> bool:
    """Whether anything about this case was put on its way to staff since then."""
    mine = (outbound.c.case_id == case_id, outbound.c.created_at > since)
    return connection.execute(select(outbound.c.id).where(*mine).limit(1)).first() is not None


def count_failed_notices(connection: Connection, since: datetime) -> int:
    """How many notices of that time reached nobody."""
    mine = (is_notice, outbound.c.state == OutboundState.FAILED, outbound.c.created_at >= since)
    return connection.execute(select(func.count()).select_from(outbound).where(*mine)).scalar_one()
