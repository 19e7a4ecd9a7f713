"""The outbox, one queue: every reply as it was said, every notice to staff, and where each stands on its way.

What is read of it beside delivery is in `outbox_reads`.
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
from bot.storage.leases import free_all, lock_free
from bot.storage.schema.residents_and_cases import cases, is_notice, outbound, residents
from bot.storage.sealing import Keyring, SealedField
from bot.storage.staff.staff_chat_rows import chat_address, read_chat

KEPT_TRUE_FOR = timedelta(days=14)
"""How long after it was sent, or written anew, a notice in a chat is kept true."""
_CHANGING = (
    "state", "attempts", "in_doubt", "pushed_at", "pushed_in_doubt", "as_text", "retry_key", "due_at", "fault",
    "message", "shown",
)  # fmt: skip
"""What an attempt may change of a message: so called in the table and in `Delivery`."""


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


@dataclass(frozen=True)
class Room:
    """What a worker can take: so many messages of one channel.

    `busy`: recipients of staff to whom something is being pushed. What waits for them goes as one message when that
    ends; only what has a ticket does not wait.
    """

    channel: str
    most: int
    busy: Collection[str] = frozenset()


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
    connection.execute(insert(outbound).values(values | _on_its_way(keys, row, answer.ticket, answer.written_at)))


def add_notices(
    connection: Connection, keys: Keyring, wanted: Iterable[StaffNotice], now: datetime, ticket: str = ""
) -> None:
    """Queue notices to staff: each is of a case, or answers who waits for it, and so is urgent."""
    for each in wanted:
        row = new_id()
        values = {
            "recipient": each.recipient,
            "case_id": each.case or None,
            "why": each.why,
            "about": each.about,
            "position": 0,
            "state": OutboundState.QUEUED,
            "channel": _channel_of(connection, each),
            "urgent": True,
            "due_at": now,
        }
        connection.execute(insert(outbound).values(values | _on_its_way(keys, row, ticket, now)))


def lock_due_deliveries(connection: Connection, keys: Keyring, now: datetime, room: Room) -> list[Delivery]:
    """Messages to be tried now, locked for this worker alone: the oldest of each resident, urgent ones first.

    Where there is room, sent notices that do not hold any more come after them. What is tried gets its lease with
    `write_delivery`. Not here: PostgreSQL checks the references of a row that one transaction updates twice, and so
    would lock its resident after it.
    """
    due = (outbound.c.state.in_(OPEN_STATES), outbound.c.due_at <= now, is_first_in_line(now))
    has_turn = or_(outbound.c.recipient.not_in(room.busy), outbound.c.ticket.is_not(None))
    query = _with_residents().where(outbound.c.channel == room.channel, *due, has_turn).limit(room.most)
    urgent_first = (outbound.c.urgent.desc(), outbound.c.created_at, outbound.c.position)
    rows = [*connection.execute(lock_free(query.order_by(*urgent_first), outbound, now))]
    rows += _lock_untrue(connection, now, replace(room, most=room.most - len(rows)))
    return [_delivery(connection, keys, row) for row in rows]


def write_delivery(connection: Connection, delivery: Delivery, leased_until: datetime | None = None) -> None:
    """Store where a message stands, and until when whoever tries it has it; a lease ends with the attempt."""
    values: dict[str, object] = {name: getattr(delivery, name) for name in _CHANGING} | {"leased_until": leased_until}
    if not delivery.ticket or delivery.state not in OPEN_STATES:
        values["ticket"] = None
    connection.execute(update(outbound).where(outbound.c.id == delivery.id).values(values))


def free_deliveries(connection: Connection) -> None:
    """Forget who sends what: for a start where nobody else can be at work (SQLite)."""
    free_all(connection, outbound)


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


def _lock_untrue(connection: Connection, now: datetime, room: Room) -> Sequence[Row[Any]]:
    """The notices of sent messages that say of a case what does not hold any more, and all that stand beside them."""
    sent = (outbound.c.state == OutboundState.ACCEPTED, outbound.c.message != "", outbound.c.shown != "")
    young = (outbound.c.due_at <= now, outbound.c.due_at > now - KEPT_TRUE_FOR)
    query = (
        select(outbound.c.recipient, outbound.c.message)
        .join(cases, cases.c.id == outbound.c.case_id)
        .where(is_notice, outbound.c.channel == room.channel, *sent, *young)
        .where(outbound.c.shown != cases.c.status + ":" + cases.c.owner)
    )
    # All are locked and some are taken: another worker finds no half of a message that this one writes anew.
    found = (
        list(dict.fromkeys(tuple(row) for row in connection.execute(lock_free(query, outbound, now))))[: room.most]
        if room.most
        else []
    )
    mine = [and_(outbound.c.recipient == recipient, outbound.c.message == message) for recipient, message in found]
    if not mine:
        return []
    whole = _with_residents().where(is_notice, or_(*mine)).order_by(outbound.c.created_at)
    return connection.execute(whole.with_for_update(of=outbound)).all()


def _with_residents() -> Select[Any]:
    query = select(outbound, residents.c.address, residents.c.reachable)
    return query.outerjoin(residents, residents.c.id == outbound.c.resident_id)


def _on_its_way(keys: Keyring, row: str, ticket: str, now: datetime) -> dict[str, object]:
    """What every message has when it is queued."""
    sealed = keys.seal(_place(row, "ticket"), ticket) if ticket else None
    return {"id": row, "created_at": now, "ticket": sealed, "ticket_at": now, "retry_key": new_retry_key()}


def _channel_of(connection: Connection, notice: StaffNotice) -> str:
    """The platform of the chat; what is for a chat that was forgotten goes with the mail, and fails there."""
    chat = read_chat(connection, notice.chat) if notice.chat else None
    return chat.channel if chat else BY_MAIL


def _delivery(connection: Connection, keys: Keyring, row: Row[Any]) -> Delivery:
    notice = StaffNotice(row.recipient, row.why, row.case_id or "", row.about) if row.recipient else None
    return Delivery(
        id=row.id,
        resident=row.resident_id or "",
        reply=open_reply(keys, row.id, row.reply) if row.reply else None,
        address=_address(connection, keys, row, notice),
        ticket=keys.open(_place(row.id, "ticket"), row.ticket) if row.ticket else "",
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


def _place(row: str, column: str) -> SealedField:
    return SealedField("outbound", row, column)
