"""The inbox: what platforms told, kept under a key of its own before anybody answers 200."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, update

from bot.domain.messages import Event, EventKind
from bot.storage.identifiers import new_id
from bot.storage.insert_if_new import insert_if_new
from bot.storage.leases import Lease, free_all, hold, is_free
from bot.storage.schema.residents_and_cases import inbox
from bot.storage.sealing import Keyring, SealedField

RESTORED = "restored"
"""The fault of an event that waited when a backup was made: whether it was answered since nobody knows."""
_ORDER = (inbox.c.happened_at, inbox.c.received_at, inbox.c.position, inbox.c.id)
ATTEMPTS = 3
"""After so many failures an event is set aside, and those behind it go on."""


class InboxState(StrEnum):
    """Where an event stands."""

    WAITING = "waiting"
    DONE = "done"
    ASIDE = "aside"
    """Handling it failed; it waits for a person (`python -m bot inbox --replay`)."""


@dataclass(frozen=True)
class Lane:
    """Whose events are handled one after the other: a person or a group of one channel."""

    channel: str
    name: str


@dataclass(frozen=True)
class StoredEvent:
    """One event as it was kept; `open_raw` opens it."""

    id: str
    sealed: bytes
    received_at: datetime
    attempts: int
    due_at: datetime
    is_restored: bool = False


@dataclass(frozen=True)
class DeadLetter:
    """An event that was set aside, without a word of what it says."""

    id: str
    channel: str
    kind: str
    received_at: datetime
    fault: str


def insert_events(
    connection: Connection, keys: Keyring, channel: str, events: Sequence[Event], received_at: datetime
) -> int:
    """Keep the events that did not come before; how many those are."""
    fresh = 0
    # By key: two bodies with the same events in another order must not wait for one another.
    for position, event in sorted(enumerate(events), key=lambda each: each[1].key):
        row = new_id()
        values = {
            "id": row,
            "channel": channel,
            "key": event.key,
            "lane": event.lane,
            "kind": event.kind,
            "message": event.message,
            "position": position,
            "happened_at": event.happened_at,
            "received_at": received_at,
            "state": InboxState.WAITING,
            "attempts": 0,
            "due_at": received_at,
            "raw": keys.seal(SealedField("inbox", row, "raw"), event.raw),
        }
        fresh += insert_if_new(connection, inbox, values)
    return fresh


def waiting_lanes(connection: Connection, now: datetime, most: int) -> dict[Lane, datetime]:
    """Lanes with events that nobody works on, the longest waiting first, and when the last of these came."""
    query = (
        select(inbox.c.channel, inbox.c.lane, func.max(inbox.c.received_at).label("newest"))
        .where(inbox.c.state == InboxState.WAITING, inbox.c.due_at <= now, is_free(inbox, now))
        .group_by(inbox.c.channel, inbox.c.lane)
        .order_by(func.min(inbox.c.received_at))
        .limit(most)
    )
    return {Lane(row.channel, row.lane): row.newest for row in connection.execute(query)}


def waiting_events(connection: Connection, lane: Lane) -> list[StoredEvent]:
    """The lane's waiting events in order."""
    return [_kept(row) for row in connection.execute(_in_order(lane))]


def lease_lane(connection: Connection, lane: Lane, lease: Lease) -> list[StoredEvent]:
    """The lane's waiting events in order, for this worker alone; none while another one works on it."""
    # Waited for, not passed over: a lane without those of its events that somebody holds would be out of order.
    rows = connection.execute(_in_order(lane).with_for_update()).all()
    if any(row.leased_by != lease.by and row.leased_until and row.leased_until > lease.now for row in rows):
        return []
    hold(connection, inbox, rows, lease, leased_by=lease.by)
    return [_kept(row) for row in rows]


def open_raw(keys: Keyring, kept: StoredEvent) -> str:
    """What the platform said. Raises SealError, for instance when the key is gone."""
    return keys.open(SealedField("inbox", kept.id, "raw"), kept.sealed)


def finish_events(connection: Connection, ids: Sequence[str]) -> bool:
    """Mark events as handled and forget their words; False (and nothing may be kept) where another worker was first."""
    _lock(connection, inbox.c.id.in_(ids))
    mine = (inbox.c.id.in_(ids), inbox.c.state == InboxState.WAITING)
    values = {"state": InboxState.DONE, "raw": None, "leased_until": None}
    return connection.execute(update(inbox).where(*mine).values(values)).rowcount == len(ids)


def fail_events(connection: Connection, events: Sequence[StoredEvent], fault: str, due_at: datetime) -> list[str]:
    """Note that handling failed; the ids of those that are set aside now."""
    aside = [event.id for event in events if event.attempts + 1 >= ATTEMPTS]
    ids = [event.id for event in events]
    _lock(connection, inbox.c.id.in_(ids))
    said = case((inbox.c.fault == RESTORED, RESTORED), else_=fault[:64])
    values = {"attempts": inbox.c.attempts + 1, "fault": said, "due_at": due_at, "leased_until": None}
    connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(values))
    connection.execute(update(inbox).where(inbox.c.id.in_(aside)).values(state=InboxState.ASIDE))
    return aside


def list_dead_letters(connection: Connection) -> list[DeadLetter]:
    """Every event that was set aside, the oldest first."""
    query = select(inbox).where(inbox.c.state == InboxState.ASIDE).order_by(inbox.c.received_at)
    return [DeadLetter(row.id, row.channel, row.kind, row.received_at, row.fault) for row in connection.execute(query)]


def replay_dead_letters(connection: Connection, now: datetime) -> int:
    """Let every event that was set aside be handled again; how many."""
    values = {"state": InboxState.WAITING, "attempts": 0, "due_at": now, "leased_until": None}
    return connection.execute(update(inbox).where(inbox.c.state == InboxState.ASIDE).values(values)).rowcount


def free_leases(connection: Connection) -> None:
    """Forget who works on what: for a start where nobody else can be at work (SQLite)."""
    free_all(connection, inbox)


def mark_restored(connection: Connection) -> int:
    """After a restore: what waits is handled, and not answered a second time; how many events."""
    values = {"fault": RESTORED, "leased_until": None}
    return connection.execute(update(inbox).where(inbox.c.state != InboxState.DONE).values(values)).rowcount


def was_unsent(connection: Connection, channel: str, message: str) -> bool:
    """Whether the resident has taken this message back: the news of it may come before the message."""
    mine = (inbox.c.channel == channel, inbox.c.message == message, inbox.c.kind == EventKind.UNSEND)
    return bool(message) and connection.execute(select(inbox.c.id).where(*mine)).first() is not None


def erase_raw(connection: Connection, channel: str, message: str) -> None:
    """Forget the words of a message that was taken back, where its event was set aside."""
    mine = (inbox.c.channel == channel, inbox.c.message == message, inbox.c.state == InboxState.ASIDE)
    connection.execute(update(inbox).where(*mine).values(state=InboxState.DONE, raw=None))


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest event that was not handled yet came."""
    query = select(func.min(inbox.c.received_at)).where(inbox.c.state == InboxState.WAITING)
    return connection.execute(query).scalar()


def count_dead_letters(connection: Connection) -> int:
    """How many events are set aside."""
    query = select(func.count()).select_from(inbox).where(inbox.c.state == InboxState.ASIDE)
    return connection.execute(query).scalar_one()


def last_received(connection: Connection, channel: str) -> datetime | None:
    """When the channel told something for the last time."""
    return connection.execute(select(func.max(inbox.c.received_at)).where(inbox.c.channel == channel)).scalar()


def lock_lane(connection: Connection, lane: Lane) -> None:
    """Wait for whoever handles events of the lane, and hold up whoever would."""
    _lock(connection, (inbox.c.channel == lane.channel) & (inbox.c.lane == lane.name))


def _lock(connection: Connection, mine: ColumnElement[bool]) -> None:
    connection.execute(select(inbox.c.id).where(mine).order_by(*_ORDER).with_for_update())


def _in_order(lane: Lane) -> Select[Any]:
    return (
        select(inbox)
        .where(inbox.c.state == InboxState.WAITING, inbox.c.channel == lane.channel, inbox.c.lane == lane.name)
        .order_by(*_ORDER)
    )


def _kept(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.id, row.raw, row.received_at, row.attempts, row.due_at, row.fault == RESTORED)
