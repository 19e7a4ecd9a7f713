"""Residents: who writes on which channel, and where their talk stands."""

from datetime import datetime

from sqlalchemy import Connection, SelectBase, select, update

from bot.domain.conversation.conversation import Conversation
from bot.storage.identifiers import new_id
from bot.storage.insert_if_new import insert_or_update
from bot.storage.schema.residents_and_cases import residents
from bot.storage.sealing import Keyring, SealedField


def find_resident(connection: Connection, channel: str, sender: str) -> str | None:
    """The id of the resident, if they have written before."""
    query = select(residents.c.id).where(residents.c.channel == channel, residents.c.sender == sender)
    return connection.execute(query).scalar()


def channel_of(connection: Connection, resident: str) -> str:
    """The channel on which the resident writes."""
    return str(connection.execute(select(residents.c.channel).where(residents.c.id == resident)).scalar_one())


def account_of(connection: Connection, resident: str) -> tuple[str, str]:
    """(channel, sender): as what the resident writes."""
    row = connection.execute(select(residents.c.channel, residents.c.sender).where(residents.c.id == resident)).one()
    return row.channel, row.sender


def is_reachable(connection: Connection, resident: str) -> bool:
    """Whether the resident has not blocked the bot."""
    return bool(connection.execute(select(residents.c.reachable).where(residents.c.id == resident)).scalar_one())


def lock_resident(connection: Connection, channel: str, sender: str, now: datetime) -> str:
    """The resident's id, made at the first message. Until the commit nobody else steps this resident's talk."""
    values = {"id": new_id(), "channel": channel, "sender": sender, "created_at": now, "seen_at": now}
    # In one statement: between two the purge could take the row away.
    return str(insert_or_update(connection, residents, values, ("channel", "sender"), ("seen_at",)).id)


def lock_residents(connection: Connection, ids: SelectBase, *, skips: bool = False) -> list[str]:
    """Those of these residents (a query of their ids) that are there; until the commit nobody else steps their talk.

    `skips`: those on whom somebody else works are left out, and not waited for.
    """
    query = select(residents.c.id).where(residents.c.id.in_(ids)).order_by(residents.c.id)
    locked = query.with_for_update(key_share=True, skip_locked=skips, of=residents)
    return list(connection.execute(locked).scalars())


def store_address(connection: Connection, keys: Keyring, resident: str, address: str) -> None:
    """Where the resident can be written to: who has just written can be reached."""
    known = connection.execute(select(residents.c.address).where(residents.c.id == resident)).scalar()
    values: dict[str, object] = {"reachable": True}
    if known is None:
        values["address"] = keys.seal(_address_place(resident), address)
    connection.execute(update(residents).where(residents.c.id == resident).values(values))


def mark_unreachable(connection: Connection, channel: str, sender: str) -> None:
    """The resident has blocked the bot: nothing that is sent arrives."""
    mine = (residents.c.channel == channel, residents.c.sender == sender)
    connection.execute(update(residents).where(*mine).values(reachable=False))


def mark_blocked(connection: Connection, resident: str) -> None:
    """The platform says that this resident (the row) has blocked the bot; whoever writes again can be reached again."""
    connection.execute(update(residents).where(residents.c.id == resident).values(reachable=False))


def open_address(keys: Keyring, resident: str, sealed: bytes | None) -> str:
    """The platform's own id of the resident; empty where it is not known."""
    return keys.open(_address_place(resident), sealed) if sealed else ""


def read_conversation(connection: Connection, keys: Keyring, resident: str) -> Conversation:
    """Where the talk stands; a new one where there is none."""
    sealed = connection.execute(select(residents.c.conversation).where(residents.c.id == resident)).scalar()
    return Conversation.from_json(keys.open(_talk_place(resident), sealed)) if sealed else Conversation()


def save_conversation(connection: Connection, keys: Keyring, resident: str, talk: Conversation) -> None:
    """Keep where the talk stands."""
    sealed = keys.seal(_talk_place(resident), talk.to_json())
    connection.execute(update(residents).where(residents.c.id == resident).values(conversation=sealed))


def _talk_place(resident: str) -> SealedField:
    return SealedField("residents", resident, "conversation")


def _address_place(resident: str) -> SealedField:
    return SealedField("residents", resident, "address")
