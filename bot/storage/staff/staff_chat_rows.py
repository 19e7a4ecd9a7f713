"""Platform chats in which staff are notified: offered with a code, claimed by writing it, confirmed at the desk."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from bot.storage.identifiers import new_id
from bot.storage.schema.desk_schema import staff_chats
from bot.storage.sealing import Keyring, SealedField


class ChatState(StrEnum):
    """The stage of the pairing."""

    OFFERED = "offered"
    """The desk has shown a code."""
    WRITTEN = "written"
    """The code was written in a chat: the desk must confirm it."""
    BOUND = "bound"
    LOST = "lost"
    """It was bound, but the bot was removed or may not write there: it must be paired again."""


_STAFFS = frozenset({ChatState.BOUND, ChatState.LOST})


@dataclass(frozen=True)
class StaffChat:
    """One chat. `staff`: its owner, empty for a group; `lane`: its key in the platform's events."""

    id: str
    channel: str
    lane: str
    staff: str
    state: ChatState
    code_until: datetime

    @property
    def is_group(self) -> bool:
        """Whether it belongs to the whole desk."""
        return not self.staff


@dataclass(frozen=True)
class NewOffer:
    """A requested pairing. `staff`: its owner, empty for a group; `code`: its hash."""

    channel: str
    staff: str
    code: str
    until: datetime


def offer_chat(connection: Connection, wanted: NewOffer, now: datetime) -> None:
    """Store an offer that waits for its code."""
    values = {
        "id": new_id(),
        "channel": wanted.channel,
        "staff_id": wanted.staff or None,
        "code": wanted.code,
        "code_until": wanted.until,
        "state": ChatState.OFFERED,
        "created_at": now,
    }
    connection.execute(insert(staff_chats).values(values))


def find_offer(connection: Connection, channel: str, code: str, now: datetime) -> StaffChat | None:
    """The pending offer with this code (its hash)."""
    matches = (
        staff_chats.c.channel == channel,
        staff_chats.c.code == code,
        staff_chats.c.state == ChatState.OFFERED,
        staff_chats.c.code_until > now,
    )
    row = connection.execute(select(staff_chats).where(*matches)).first()
    return _chat(row) if row else None


def has_offer(connection: Connection, channel: str, now: datetime) -> bool:
    """Whether any offer waits for its code or for the desk; until then the bot stays in a group."""
    matches = (staff_chats.c.channel == channel, staff_chats.c.state.not_in(_STAFFS), staff_chats.c.code_until > now)
    return connection.execute(select(staff_chats.c.id).where(*matches).limit(1)).first() is not None


def write_offer(connection: Connection, keys: Keyring, chat: StaffChat, lane: str, address: str) -> None:
    """The code was written in this chat."""
    sealed = keys.seal(_address_field(chat.id), address)
    values = {"lane": lane, "address": sealed, "state": ChatState.WRITTEN}
    connection.execute(update(staff_chats).where(staff_chats.c.id == chat.id).values(values))


def bind_chat(connection: Connection, chat: StaffChat) -> None:
    """The desk has confirmed it; an older binding of the same chat is deleted."""
    same = (staff_chats.c.channel == chat.channel, staff_chats.c.lane == chat.lane, staff_chats.c.id != chat.id)
    connection.execute(delete(staff_chats).where(*same))
    connection.execute(update(staff_chats).where(staff_chats.c.id == chat.id).values(state=ChatState.BOUND))


def delete_chat(connection: Connection, chat_id: str) -> None:
    connection.execute(delete(staff_chats).where(staff_chats.c.id == chat_id))


def mark_lane_lost(connection: Connection, channel: str, lane: str) -> bool:
    """The bot was removed from the chat of this lane; returns whether staff were notified there."""
    matches = (staff_chats.c.channel == channel, staff_chats.c.lane == lane)
    connection.execute(delete(staff_chats).where(*matches, staff_chats.c.state.not_in(_STAFFS)))
    lost = update(staff_chats).where(*matches, staff_chats.c.state == ChatState.BOUND).values(state=ChatState.LOST)
    return connection.execute(lost).rowcount > 0


def mark_chat_lost(connection: Connection, chat_id: str) -> None:
    """Staff can no longer be notified in this chat."""
    connection.execute(update(staff_chats).where(staff_chats.c.id == chat_id).values(state=ChatState.LOST))


def move_lane(connection: Connection, keys: Keyring, channel: str, lane: str, to: tuple[str, str]) -> bool:
    """The chat of this lane is now at `to` (its lane, its address); returns whether it is a staff chat."""
    matches = (staff_chats.c.channel == channel, staff_chats.c.lane == lane, staff_chats.c.state.in_(_STAFFS))
    ids = connection.execute(select(staff_chats.c.id).where(*matches)).scalars().all()
    for chat_id in ids:
        values = {"lane": to[0], "address": keys.seal(_address_field(chat_id), to[1]), "state": ChatState.BOUND}
        connection.execute(update(staff_chats).where(staff_chats.c.id == chat_id).values(values))
    return bool(ids) or is_staff_lane(connection, channel, to[0])


def is_staff_lane(connection: Connection, channel: str, lane: str) -> bool:
    """Whether staff are, or were, notified in the chat of this lane."""
    matches = (staff_chats.c.channel == channel, staff_chats.c.lane == lane, staff_chats.c.state.in_(_STAFFS))
    return connection.execute(select(staff_chats.c.id).where(*matches).limit(1)).first() is not None


def delete_expired_offers(connection: Connection, before: datetime) -> None:
    """Delete offers whose code expired before then."""
    old = (staff_chats.c.state.not_in(_STAFFS), staff_chats.c.code_until < before)
    connection.execute(delete(staff_chats).where(*old))


def delete_unbound_chats(connection: Connection) -> None:
    """Delete every chat that is not bound."""
    connection.execute(delete(staff_chats).where(staff_chats.c.state != ChatState.BOUND))


def find_chat(connection: Connection, channel: str, lane: str) -> StaffChat | None:
    """The bound chat of this lane."""
    matches = (staff_chats.c.channel == channel, staff_chats.c.lane == lane, staff_chats.c.state == ChatState.BOUND)
    row = connection.execute(select(staff_chats).where(*matches)).first()
    return _chat(row) if row else None


def list_chats(connection: Connection) -> list[StaffChat]:
    """Oldest first."""
    return [_chat(row) for row in connection.execute(select(staff_chats).order_by(staff_chats.c.created_at))]


def read_chat(connection: Connection, chat_id: str) -> StaffChat | None:
    row = connection.execute(select(staff_chats).where(staff_chats.c.id == chat_id)).first()
    return _chat(row) if row else None


def chat_address(connection: Connection, keys: Keyring, chat_id: str) -> str:
    """The platform's address; empty if the chat was deleted."""
    sealed = connection.execute(select(staff_chats.c.address).where(staff_chats.c.id == chat_id)).scalar()
    return keys.open(_address_field(chat_id), sealed) if sealed else ""


def _chat(row: Row[Any]) -> StaffChat:
    return StaffChat(row.id, row.channel, row.lane, row.staff_id or "", ChatState(row.state), row.code_until)


def _address_field(row: str) -> SealedField:
    return SealedField("staff_chats", row, "address")
