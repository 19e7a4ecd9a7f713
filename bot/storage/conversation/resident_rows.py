"""Residents: their account on a channel, and the state of their conversation."""

from datetime import datetime

from sqlalchemy import Connection, SelectBase, select, update

from bot.domain.conversation.conversation import Conversation
from bot.storage.identifiers import new_id
from bot.storage.insert_if_new import insert_or_update
from bot.storage.schema.residents_and_cases import residents
from bot.storage.sealing import Keyring, SealedField


def find_resident(connection: Connection, channel: str, sender: str) -> str | None:
    """The id of the resident; None if they have not written before."""
    query = select(residents.c.id).where(residents.c.channel == channel, residents.c.sender == sender)
    return connection.execute(query).scalar()


def channel_of(connection: Connection, resident: str) -> str:
    return str(connection.execute(select(residents.c.channel).where(residents.c.id == resident)).scalar_one())


def account_of(connection: Connection, resident: str) -> tuple[str, str]:
    """(channel, sender)."""
    row = connection.execute(select(residents.c.channel, residents.c.sender).where(residents.c.id == resident)).one()
    return row.channel, row.sender


def is_reachable(connection: Connection, resident: str) -> bool:
    """False if the resident has blocked the bot."""
    return bool(connection.execute(select(residents.c.reachable).where(residents.c.id == resident)).scalar_one())


def lock_resident(connection: Connection, channel: str, sender: str, now: datetime) -> str:
    """The resident's id, created with the first message. Locks the conversation until the commit."""
    values = {"id": new_id(), "channel": channel, "sender": sender, "created_at": now, "seen_at": now}
    # In one statement: between two, the purge could delete the row.
    return str(insert_or_update(connection, residents, values, ("channel", "sender"), ("seen_at",)).id)


def lock_residents(connection: Connection, ids: SelectBase, *, skips: bool = False) -> list[str]:
    """Lock the conversations of residents (a query of their ids) until the commit; returns the ids that exist.

    `skips`: skip those locked by others instead of waiting.
    """
    query = select(residents.c.id).where(residents.c.id.in_(ids)).order_by(residents.c.id)
    locked = query.with_for_update(key_share=True, skip_locked=skips, of=residents)
    return list(connection.execute(locked).scalars())


def store_address(connection: Connection, keys: Keyring, resident: str, address: str) -> None:
    """Store the resident's address, if it is new, and mark them as reachable."""
    known = connection.execute(select(residents.c.address).where(residents.c.id == resident)).scalar()
    values: dict[str, object] = {"reachable": True}
    if known is None:
        values["address"] = keys.seal(_address_place(resident), address)
    connection.execute(update(residents).where(residents.c.id == resident).values(values))


def mark_unreachable(connection: Connection, channel: str, sender: str) -> None:
    """The platform reported that the account has blocked the bot."""
    matches = (residents.c.channel == channel, residents.c.sender == sender)
    connection.execute(update(residents).where(*matches).values(reachable=False))


def mark_blocked(connection: Connection, resident: str) -> None:
    """A send failed because the resident (row id) has blocked the bot; their next message makes them reachable."""
    connection.execute(update(residents).where(residents.c.id == resident).values(reachable=False))


def open_address(keys: Keyring, resident: str, sealed: bytes | None) -> str:
    """The platform's id of the resident; empty if unknown."""
    return keys.open(_address_place(resident), sealed) if sealed else ""


def read_conversation(connection: Connection, keys: Keyring, resident: str) -> Conversation:
    """The state of the conversation; a new one if there is none."""
    sealed = connection.execute(select(residents.c.conversation).where(residents.c.id == resident)).scalar()
    return Conversation.from_json(keys.open(_talk_place(resident), sealed)) if sealed else Conversation()


def save_conversation(connection: Connection, keys: Keyring, resident: str, talk: Conversation) -> None:
    sealed = keys.seal(_talk_place(resident), talk.to_json())
    connection.execute(update(residents).where(residents.c.id == resident).values(conversation=sealed))


def _talk_place(resident: str) -> SealedField:
    return SealedField("residents", resident, "conversation")


def _address_place(resident: str) -> SealedField:
    return SealedField("residents", resident, "address")
