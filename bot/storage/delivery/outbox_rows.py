"""The outbox: every reply as it was said, and where it stands on its way over a platform."""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update

from bot.domain.delivery.after_restore import Pending
from bot.domain.delivery.delivery_rules import OPEN_STATES, Delivery, OutboundState
from bot.domain.messages import Call, Choice, Reply, Route, ShownEntry
from bot.storage.conversation.resident_rows import open_address
from bot.storage.identifiers import new_id
from bot.storage.schema.residents_and_cases import outbound, residents
from bot.storage.sealing import Keyring, SealedField


@dataclass(frozen=True)
class OutboundAnswer:
    """A reply to a message (its row). With a `channel` it goes out over a platform, and `ticket` may pay for it."""

    resident: str
    to: str
    reply: Reply
    written_at: datetime
    channel: str = ""
    ticket: str = ""
    urgent: bool = False
    leaves: bool = False
    position: int = 0
    author: str = ""
    due_at: datetime | None = None
    """When it may go out; at once where None."""
    restored: bool = False
    """It may have gone out before the database was set back: it is kept, and not sent."""


def new_retry_key() -> str:
    """A key under which a platform takes a message once."""
    return str(uuid.uuid4())


def text_retry_key(retry_key: str) -> str:
    """The key of the same message as plain text: the same one again where the database was set back in between."""
    return str(uuid.uuid5(uuid.UUID(retry_key), "as text"))


def add_outbound(connection: Connection, keys: Keyring, answer: OutboundAnswer) -> None:
    """Store a reply; on the web that is all, over a platform it is queued with its retry key."""
    row = new_id()
    begins = OutboundState.UNKNOWN if answer.restored else OutboundState.QUEUED
    values = {
        "id": row,
        "resident_id": answer.resident,
        "inbound_id": answer.to,
        "position": answer.position,
        "state": begins if answer.channel else OutboundState.ACCEPTED,
        "created_at": answer.written_at,
        "reply": keys.seal(_place(row, "reply"), json.dumps(asdict(answer.reply), ensure_ascii=False)),
        "channel": answer.channel,
        "leaves": answer.leaves,
        "urgent": answer.urgent,
        "author": answer.author,
        "ticket": keys.seal(_place(row, "ticket"), answer.ticket) if answer.ticket else None,
        "ticket_at": answer.written_at,
        "retry_key": new_retry_key(),
        "due_at": answer.due_at or answer.written_at,
    }
    connection.execute(insert(outbound).values(values))


def lock_due_deliveries(
    connection: Connection, keys: Keyring, channel: str, now: datetime, most: int
) -> list[Delivery]:
    """Messages to be tried now, locked for this worker alone: the oldest of each resident, urgent ones first.

    What is tried of them gets its lease with `write_delivery`. Not here: PostgreSQL checks the references of a row that
    one transaction updates twice, and so would lock its resident after it.
    """
    query = (
        select(outbound, residents.c.address, residents.c.reachable)
        .join(residents, residents.c.id == outbound.c.resident_id)
        .where(
            outbound.c.channel == channel,
            outbound.c.state.in_(OPEN_STATES),
            outbound.c.due_at <= now,
            or_(outbound.c.leased_until.is_(None), outbound.c.leased_until <= now),
            is_first_in_line(now),
        )
        .order_by(outbound.c.urgent.desc(), outbound.c.created_at, outbound.c.position)
        .limit(most)
        .with_for_update(skip_locked=True, of=outbound)
    )
    return [_delivery(keys, row) for row in connection.execute(query)]


def write_delivery(connection: Connection, delivery: Delivery, leased_until: datetime | None = None) -> None:
    """Store where a message stands, and until when whoever tries it has it; a lease ends with the attempt."""
    values = {
        "state": delivery.state,
        "attempts": delivery.attempts,
        "in_doubt": delivery.in_doubt,
        "pushed_at": delivery.pushed_at,
        "pushed_in_doubt": delivery.pushed_in_doubt,
        "as_text": delivery.as_text,
        "retry_key": delivery.retry_key,
        "due_at": delivery.due_at,
        "fault": delivery.fault,
        "leased_until": leased_until,
    }
    if not delivery.ticket or delivery.state not in OPEN_STATES:
        values["ticket"] = None
    connection.execute(update(outbound).where(outbound.c.id == delivery.id).values(values))


def free_deliveries(connection: Connection) -> None:
    """Forget who sends what: for a start where nobody else can be at work (SQLite)."""
    connection.execute(update(outbound).where(outbound.c.leased_until.is_not(None)).values(leased_until=None))


def read_pending(connection: Connection) -> list[Pending]:
    """Every message that waits."""
    query = select(outbound).where(outbound.c.state.in_(OPEN_STATES))
    return [
        Pending(row.id, row.created_at, row.ticket_at if row.ticket else None, row.pushed_at, row.leaves, row.channel)
        for row in connection.execute(query)
    ]


def mark_delivery_unknown(connection: Connection, delivery: str) -> None:
    """After a restore: nobody knows whether it went out, and it is not sent again."""
    values = {"state": OutboundState.UNKNOWN, "fault": "restored", "ticket": None, "leased_until": None}
    connection.execute(update(outbound).where(outbound.c.id == delivery).values(values))


def oldest_queued(connection: Connection) -> datetime | None:
    """When the oldest message that waits for delivery was written."""
    query = select(func.min(outbound.c.created_at)).where(outbound.c.state.in_(OPEN_STATES))
    return connection.execute(query).scalar()


def count_deliveries(connection: Connection) -> dict[str, int]:
    """How many messages of platforms stand in each state, and how many were pushed in doubt (`in-doubt`)."""
    mine = outbound.c.channel != ""
    states = select(outbound.c.state, func.count()).where(mine).group_by(outbound.c.state)
    doubtful = select(func.count()).select_from(outbound).where(mine, outbound.c.pushed_in_doubt)
    counts = {row[0]: row[1] for row in connection.execute(states)}
    return counts | {"in-doubt": connection.execute(doubtful).scalar_one()}


def open_reply(keys: Keyring, row: str, sealed: bytes) -> Reply:
    """A reply as it was said."""
    values = json.loads(keys.open(_place(row, "reply"), sealed))
    return Reply(
        route=Route(values["route"]),
        lead=tuple(values["lead"]),
        calls=tuple(Call(**call) for call in values["calls"]),
        body=tuple(values["body"]),
        choices=tuple(Choice(**choice) for choice in values["choices"]),
        small=tuple(values["small"]),
        entries=tuple(ShownEntry(**shown) for shown in values["entries"]),
        by_staff=values.get("by_staff", False),
    )


def is_first_in_line(now: datetime) -> ColumnElement[bool]:
    """The oldest open message of its resident that may go out; urgent ones overtake."""
    earlier = outbound.alias("earlier")
    held_back = and_(earlier.c.urgent, earlier.c.attempts == 0, earlier.c.due_at > now)
    return or_(outbound.c.urgent, ~exists().where(_is_before(earlier), ~held_back))


def _is_before(earlier: Any) -> Any:  # noqa: ANN401 -- an alias of the table, and a condition on it
    """An open message to the same resident that was written before."""
    return and_(
        earlier.c.resident_id == outbound.c.resident_id,
        earlier.c.state.in_(OPEN_STATES),
        or_(
            earlier.c.created_at < outbound.c.created_at,
            and_(earlier.c.created_at == outbound.c.created_at, earlier.c.position < outbound.c.position),
        ),
    )


def _delivery(keys: Keyring, row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        resident=row.resident_id,
        reply=open_reply(keys, row.id, row.reply),
        address=open_address(keys, row.resident_id, row.address),
        ticket=keys.open(_place(row.id, "ticket"), row.ticket) if row.ticket else "",
        ticket_at=row.ticket_at,
        retry_key=row.retry_key,
        written_at=row.created_at,
        due_at=row.due_at,
        state=OutboundState(row.state),
        attempts=row.attempts,
        in_doubt=row.in_doubt,
        pushed_at=row.pushed_at,
        pushed_in_doubt=row.pushed_in_doubt,
        as_text=row.as_text,
        urgent=row.urgent,
        reachable=row.reachable,
        leaves=row.leaves,
        fault=row.fault,
    )


def _place(row: str, column: str) -> SealedField:
    return SealedField("outbound", row, column)
