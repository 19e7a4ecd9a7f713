"""Messages that were not understood: masked texts, which are purged, and groups of them, whose counts stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from bot.storage.identifiers import new_id
from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.studio_schema import unclear, unclear_groups, verdicts
from bot.storage.sealing import Keyring, SealedField


class GroupState(StrEnum):
    """The values are stored."""

    OPEN = "open"
    TAUGHT = "taught"
    """Somebody has taught the bot something from it."""
    LEFT = "left"
    """Somebody has dismissed it."""


@dataclass(frozen=True)
class UnmatchedMessage:
    """One message. `why`: unmatched, near-tie or wrong. `entry`: the entry that was answered wrongly."""

    id: str
    why: str
    entry: str
    at: datetime
    words: str


@dataclass(frozen=True)
class Group:
    """Similar messages. `count` includes those whose text is purged."""

    id: str
    count: int
    first_at: datetime
    last_at: datetime
    state: GroupState


def add_unmatched(connection: Connection, keys: Keyring, inbound: str, message: UnmatchedMessage) -> None:
    words = keys.seal(SealedField("unclear", message.id, "words"), message.words)
    values = {"id": message.id, "inbound": inbound, "why": message.why, "entry": message.entry, "at": message.at}
    connection.execute(insert(unclear).values(**values, words=words))


def count_verdict(connection: Connection, entry: str, verdict: str) -> None:
    if not insert_if_new(connection, verdicts, {"entry": entry, "verdict": verdict, "count": 1}):
        place = (verdicts.c.entry == entry) & (verdicts.c.verdict == verdict)
        connection.execute(update(verdicts).where(place).values(count=verdicts.c.count + 1))


def read_verdicts(connection: Connection) -> dict[str, dict[str, int]]:
    """Counts by entry and verdict."""
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(select(verdicts.c.entry, verdicts.c.verdict, verdicts.c.count)):
        counts.setdefault(row[0], {})[row[1]] = row[2]
    return counts


def list_ungrouped(connection: Connection, keys: Keyring, most: int) -> list[UnmatchedMessage]:
    """Messages that are in no group yet, oldest first."""
    query = select(unclear).where(unclear.c.group_id.is_(None)).order_by(unclear.c.at).limit(most)
    return _read(connection, keys, query)


def messages_of_groups(
    connection: Connection, keys: Keyring, groups: Sequence[str]
) -> dict[str, list[UnmatchedMessage]]:
    """The messages of these groups whose text is not purged yet, newest first."""
    messages: dict[str, list[UnmatchedMessage]] = {group: [] for group in groups}
    query = select(unclear).where(unclear.c.group_id.in_(groups)).order_by(unclear.c.at.desc())
    for row in connection.execute(query):
        messages[row.group_id].append(_opened(keys, row))
    return messages


def list_groups(connection: Connection, *, state: GroupState = GroupState.OPEN, most: int = 200) -> list[Group]:
    """The most frequent first."""
    query = (
        select(unclear_groups)
        .where(unclear_groups.c.state == state)
        .order_by(unclear_groups.c.count.desc(), unclear_groups.c.last_at.desc())
        .limit(most)
    )
    return [
        Group(row.id, row._mapping["count"], row.first_at, row.last_at, GroupState(row.state))  # noqa: SLF001 -- SQLAlchemy's own name for it
        for row in connection.execute(query)
    ]


def add_to_group(connection: Connection, message: UnmatchedMessage, group: str) -> str:
    """Add a message to a group, or to a new one if `group` is empty; returns its id. A grouped message is not moved."""
    name = group or new_id()
    if not group:
        values = {"id": name, "count": 0, "first_at": message.at, "last_at": message.at, "state": GroupState.OPEN}
        connection.execute(insert(unclear_groups).values(values))
    matches = update(unclear).where(unclear.c.id == message.id, unclear.c.group_id.is_(None)).values(group_id=name)
    added = connection.execute(matches).rowcount
    place = unclear_groups.c.id == name
    last = {"count": unclear_groups.c.count + added, "last_at": message.at}
    connection.execute(update(unclear_groups).where(place).values(last))
    return name


def settle_group(connection: Connection, group: str, state: GroupState) -> None:
    """Close a group with this state."""
    connection.execute(update(unclear_groups).where(unclear_groups.c.id == group).values(state=state))


def forget_unmatched(connection: Connection, inbound: str) -> None:
    """The resident has retracted the message."""
    connection.execute(delete(unclear).where(unclear.c.inbound == inbound))


def delete_unmatched_before(connection: Connection, before: datetime) -> None:
    """Delete old texts; the counts stay."""
    connection.execute(delete(unclear).where(unclear.c.at < before))


def _read(connection: Connection, keys: Keyring, query: Select[Any]) -> list[UnmatchedMessage]:
    return [_opened(keys, row) for row in connection.execute(query)]


def _opened(keys: Keyring, row: Row[Any]) -> UnmatchedMessage:
    words = keys.open(SealedField("unclear", row.id, "words"), row.words)
    return UnmatchedMessage(row.id, row.why, row.entry, row.at, words)
