"""The outbox: all replies to residents and notices to staff, with their delivery state.

Queries outside delivery are in `outbox_reads`.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, insert, or_, select, update

from bot.domain.delivery.delivery_rules import OPEN_STATES, Delivery, OutboundState
from bot.domain.delivery.staff_notice import BY_MAIL, MAIL, StaffNotice
from bot.domain.messages import Reply
from bot.storage.conversation.resident_rows import open_address
from bot.storage.conversation.stored_replies import open_reply, seal_reply
from bot.storage.identifiers import new_id
from bot.storage.leases import free_all, lock_unleased
from bot.storage.schema.residents_and_cases import cases, is_notice, outbound, residents
from bot.storage.sealing import Keyring, SealedField
from bot.storage.staff.staff_chat_rows import chat_address, read_chat

UPDATED_FOR = timedelta(days=14)
"""A sent notice in a chat is updated until this long after it was sent or last updated."""
_CHANGING = (
    "state", "attempts", "in_doubt", "pushed_at", "pushed_in_doubt", "as_text", "retry_key", "due_at", "fault",
    "message", "shown",
)  # fmt: skip
"""What an attempt may change; the same names in the table and in `Delivery`."""


@dataclass(frozen=True)
class OutboundAnswer:
    """A reply to the message `to` (row id). With a `channel` it is sent over a platform; `ticket` may make it free."""

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
    """Earliest time of sending; None for at once."""
    restored: bool = False
    """It may have been sent before the database was restored, so it is stored, not sent."""


@dataclass(frozen=True)
class SendCapacity:
    """What a worker can send: up to `most` messages of one channel.

    `busy`: staff recipients with a push in progress. Their notices wait for its end and are then sent as one message;
    only those with a ticket do not wait.
    """

    channel: str
    most: int
    busy: Collection[str] = frozenset()


def new_retry_key() -> str:
    """An idempotency key for a platform."""
    return str(uuid.uuid4())


def text_retry_key(retry_key: str) -> str:
    """The idempotency key of the message as plain text. Derived, so it is the same after a restore."""
    return str(uuid.uuid5(uuid.UUID(retry_key), "as text"))


def add_outbound(connection: Connection, keys: Keyring, answer: OutboundAnswer) -> None:
    """Store a reply and, for a platform, queue it with a retry key; the web shows stored replies."""
    row = new_id()
    begins = OutboundState.UNKNOWN if answer.restored else OutboundState.QUEUED
    values = {
        "resident_id": answer.resident,
        "inbound_id": answer.to,
        "position": answer.position,
        "state": begins if answer.channel else OutboundState.ACCEPTED,
        "reply": seal_reply(keys, row, answer.reply),
        "channel": answer.channel,
        "leaves": answer.leaves,
        "urgent": answer.urgent,
        "author": answer.author,
        "due_at": answer.due_at or answer.written_at,
    }
    connection.execute(insert(outbound).values(values | _common_values(keys, row, answer.ticket, answer.written_at)))


def add_notices(
    connection: Connection, keys: Keyring, notices: Iterable[StaffNotice], now: datetime, ticket: str = ""
) -> None:
    """Queue notices to staff. All are urgent: they are about a case, or reply to someone in a chat."""
    for notice in notices:
        row = new_id()
        values = {
            "recipient": notice.recipient,
            "case_id": notice.case or None,
            "why": notice.why,
            "about": notice.about,
            "position": 0,
            "state": OutboundState.QUEUED,
            "channel": _channel_of(connection, notice),
            "urgent": True,
            "due_at": now,
        }
        connection.execute(insert(outbound).values(values | _common_values(keys, row, ticket, now)))


def lock_due_deliveries(connection: Connection, keys: Keyring, now: datetime, capacity: SendCapacity) -> list[Delivery]:
    """Lock the messages to be sent now: the oldest of each resident, urgent ones first.

    If capacity remains, outdated sent notices follow. The lease is written by `write_delivery`, not here: PostgreSQL
    checks the foreign keys of a row that is updated twice in a transaction, and would so lock its resident too late.
    """
    due = (outbound.c.state.in_(OPEN_STATES), outbound.c.due_at <= now, is_first_in_line(now))
    has_turn = or_(outbound.c.recipient.not_in(capacity.busy), outbound.c.ticket.is_not(None))
    query = _with_residents().where(outbound.c.channel == capacity.channel, *due, has_turn).limit(capacity.most)
    urgent_first = (outbound.c.urgent.desc(), outbound.c.created_at, outbound.c.position)
    rows = [*connection.execute(lock_unleased(query.order_by(*urgent_first), outbound, now))]
    rows += _lock_outdated(connection, now, replace(capacity, most=capacity.most - len(rows)))
    return [_delivery(connection, keys, row) for row in rows]


def write_delivery(connection: Connection, delivery: Delivery, leased_until: datetime | None = None) -> None:
    """Store the state of a message, and the lease of an attempt that begins; without one the lease ends."""
    values: dict[str, object] = {name: getattr(delivery, name) for name in _CHANGING} | {"leased_until": leased_until}
    if not delivery.ticket or delivery.state not in OPEN_STATES:
        values["ticket"] = None
    connection.execute(update(outbound).where(outbound.c.id == delivery.id).values(values))


def free_deliveries(connection: Connection) -> None:
    """Delete all leases, at a start without other processes (SQLite)."""
    free_all(connection, outbound)


def is_first_in_line(now: datetime) -> ColumnElement[bool]:
    """The oldest sendable message of its resident; urgent ones overtake."""
    earlier = outbound.alias("earlier")
    held_back = and_(earlier.c.urgent, earlier.c.attempts == 0, earlier.c.due_at > now)
    return or_(outbound.c.urgent, ~exists().where(_is_before(earlier), ~held_back))


def _is_before(earlier: Any) -> Any:  # noqa: ANN401 -- an alias of the table, and a condition on it
    """An earlier open message to the same resident."""
    return and_(
        earlier.c.resident_id == outbound.c.resident_id,
        earlier.c.state.in_(OPEN_STATES),
        or_(
            earlier.c.created_at < outbound.c.created_at,
            and_(earlier.c.created_at == outbound.c.created_at, earlier.c.position < outbound.c.position),
        ),
    )


def _lock_outdated(connection: Connection, now: datetime, capacity: SendCapacity) -> Sequence[Row[Any]]:
    """Lock the sent notices whose case has changed since, with all other notices in the same messages."""
    if not capacity.most:
        return []
    sent = (outbound.c.state == OutboundState.ACCEPTED, outbound.c.message != "", outbound.c.shown != "")
    young = (outbound.c.due_at <= now, outbound.c.due_at > now - UPDATED_FOR)
    query = (
        select(outbound.c.recipient, outbound.c.message)
        .join(cases, cases.c.id == outbound.c.case_id)
        .where(is_notice, outbound.c.channel == capacity.channel, *sent, *young)
        .where(outbound.c.shown != cases.c.status + ":" + cases.c.owner)
    )
    # All are locked, even beyond `most`: no other worker may get part of a message that is updated here.
    locked = connection.execute(lock_unleased(query, outbound, now))
    messages = list(dict.fromkeys(tuple(row) for row in locked))[: capacity.most]
    matches = [
        and_(outbound.c.recipient == recipient, outbound.c.message == message) for recipient, message in messages
    ]
    if not matches:
        return []
    whole = _with_residents().where(is_notice, or_(*matches)).order_by(outbound.c.created_at)
    return connection.execute(whole.with_for_update(of=outbound)).all()


def _with_residents() -> Select[Any]:
    query = select(outbound, residents.c.address, residents.c.reachable)
    return query.outerjoin(residents, residents.c.id == outbound.c.resident_id)


def _common_values(keys: Keyring, row: str, ticket: str, now: datetime) -> dict[str, object]:
    """The columns common to all queued messages."""
    sealed = keys.seal(_field(row, "ticket"), ticket) if ticket else None
    return {"id": row, "created_at": now, "ticket": sealed, "ticket_at": now, "retry_key": new_retry_key()}


def _channel_of(connection: Connection, notice: StaffNotice) -> str:
    """The platform of the chat; a notice to a deleted chat is sent by mail, and fails there."""
    chat = read_chat(connection, notice.chat) if notice.chat else None
    return chat.channel if chat else BY_MAIL


def _delivery(connection: Connection, keys: Keyring, row: Row[Any]) -> Delivery:
    notice = StaffNotice(row.recipient, row.why, row.case_id or "", row.about) if row.recipient else None
    return Delivery(
        id=row.id,
        resident=row.resident_id or "",
        reply=open_reply(keys, row.id, row.reply) if row.reply else None,
        address=_address(connection, keys, row, notice),
        ticket=keys.open(_field(row.id, "ticket"), row.ticket) if row.ticket else "",
        ticket_at=row.ticket_at,
        written_at=row.created_at,
        urgent=row.urgent,
        reachable=row.reachable is not False,
        leaves=row.leaves,
        notice=notice,
        **{name: getattr(row, name) for name in _CHANGING} | {"state": OutboundState(row.state)},
    )


def _address(connection: Connection, keys: Keyring, row: Row[Any], notice: StaffNotice | None) -> str:
    if notice is None:
        return open_address(keys, row.resident_id, row.address)
    return notice.recipient.removeprefix(MAIL) if notice.is_mail else chat_address(connection, keys, notice.chat)


def _field(row: str, column: str) -> SealedField:
    return SealedField("outbound", row, column)
