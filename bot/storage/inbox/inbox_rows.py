"""The inbox: platform events, stored once per key before the webhook answers 200."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, update

from bot.domain.messages import Event, EventKind
from bot.storage.identifiers import new_id
from bot.storage.insert_if_new import insert_if_new
from bot.storage.leases import Lease, free_all, is_free, write_lease
from bot.storage.schema.residents_and_cases import inbox
from bot.storage.sealing import Keyring, SealedField

RESTORED = "restored"
"""Fault of an event that was waiting in a backup: it may have been answered since."""
_ORDER = (inbox.c.happened_at, inbox.c.received_at, inbox.c.position, inbox.c.id)
ATTEMPTS = 3
"""After this number of failures an event is set aside, and the lane goes on."""


class InboxState(StrEnum):
    """State of an event. The values are stored."""

    WAITING = "waiting"
    DONE = "done"
    ASIDE = "aside"
    """Processing failed; it waits for a person (`python -m bot inbox --replay`)."""


@dataclass(frozen=True)
class Lane:
    """A person or group of one channel, whose events are processed in order."""

    channel: str
    name: str


@dataclass(frozen=True)
class StoredEvent:
    """A stored event; `open_raw` decrypts it."""

    id: str
    sealed: bytes
    received_at: datetime
    attempts: int
    due_at: datetime
    is_restored: bool = False


@dataclass(frozen=True)
class DeadLetter:
    """An event that was set aside, without its content."""

    id: str
    channel: str
    kind: str
    received_at: datetime
    fault: str


def insert_events(
    connection: Connection, keys: Keyring, channel: str, events: Sequence[Event], received_at: datetime
) -> int:
    """Store the events that are new; returns their number."""
    inserted = 0
    # In the order of keys: two requests with the same events in different orders must not deadlock.
    for position, event in sorted(enumerate(events), key=lambda numbered: numbered[1].key):
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
        inserted += insert_if_new(connection, inbox, values)
    return inserted


def waiting_lanes(connection: Connection, now: datetime, most: int) -> dict[Lane, datetime]:
    """Lanes with due events and no lease, longest waiting first, with the arrival time of their newest event."""
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
    return [_stored_event(row) for row in connection.execute(_in_order(lane))]


def lease_lane(connection: Connection, lane: Lane, lease: Lease) -> list[StoredEvent]:
    """Lease the lane's waiting events, in order; returns none while another worker has the lane."""
    # Waits for locked rows instead of skipping them: without them the lane would be out of order.
    rows = connection.execute(_in_order(lane).with_for_update()).all()
    if any(row.leased_by != lease.by and row.leased_until and row.leased_until > lease.now for row in rows):
        return []
    write_lease(connection, inbox, rows, lease, leased_by=lease.by)
    return [_stored_event(row) for row in rows]


def open_raw(keys: Keyring, stored: StoredEvent) -> str:
    """Decrypt the event. Raises SealError, for instance if the key is missing."""
    return keys.open(SealedField("inbox", stored.id, "raw"), stored.sealed)


def finish_events(connection: Connection, ids: Sequence[str]) -> bool:
    """Mark events as done and erase their content. False if another worker was first: the caller must roll back."""
    _lock(connection, inbox.c.id.in_(ids))
    matches = (inbox.c.id.in_(ids), inbox.c.state == InboxState.WAITING)
    values = {"state": InboxState.DONE, "raw": None, "leased_until": None}
    return connection.execute(update(inbox).where(*matches).values(values)).rowcount == len(ids)


def fail_events(connection: Connection, events: Sequence[StoredEvent], fault: str, due_at: datetime) -> list[str]:
    """Record a failure; returns the ids of the events that are now set aside."""
    aside = [event.id for event in events if event.attempts + 1 >= ATTEMPTS]
    ids = [event.id for event in events]
    _lock(connection, inbox.c.id.in_(ids))
    new_fault = case((inbox.c.fault == RESTORED, RESTORED), else_=fault[:64])
    values = {"attempts": inbox.c.attempts + 1, "fault": new_fault, "due_at": due_at, "leased_until": None}
    connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(values))
    connection.execute(update(inbox).where(inbox.c.id.in_(aside)).values(state=InboxState.ASIDE))
    return aside


def list_dead_letters(connection: Connection) -> list[DeadLetter]:
    """The events that were set aside, oldest first."""
    query = select(inbox).where(inbox.c.state == InboxState.ASIDE).order_by(inbox.c.received_at)
    return [DeadLetter(row.id, row.channel, row.kind, row.received_at, row.fault) for row in connection.execute(query)]


def replay_dead_letters(connection: Connection, now: datetime) -> int:
    """Requeue the events that were set aside; returns their number."""
    values = {"state": InboxState.WAITING, "attempts": 0, "due_at": now, "leased_until": None}
    return connection.execute(update(inbox).where(inbox.c.state == InboxState.ASIDE).values(values)).rowcount


def free_leases(connection: Connection) -> None:
    """Delete all leases, at a start without other processes (SQLite)."""
    free_all(connection, inbox)


def mark_restored(connection: Connection) -> int:
    """After a restore: waiting events are processed but not answered again; returns their number."""
    values = {"fault": RESTORED, "leased_until": None}
    return connection.execute(update(inbox).where(inbox.c.state != InboxState.DONE).values(values)).rowcount


def was_unsent(connection: Connection, channel: str, message: str) -> bool:
    """Whether the resident has retracted this message; that event may arrive before the message."""
    matches = (inbox.c.channel == channel, inbox.c.message == message, inbox.c.kind == EventKind.UNSEND)
    return bool(message) and connection.execute(select(inbox.c.id).where(*matches)).first() is not None


def erase_raw(connection: Connection, channel: str, message: str) -> None:
    """Erase a retracted message from the events that were set aside."""
    matches = (inbox.c.channel == channel, inbox.c.message == message, inbox.c.state == InboxState.ASIDE)
    connection.execute(update(inbox).where(*matches).values(state=InboxState.DONE, raw=None))


def oldest_waiting(connection: Connection) -> datetime | None:
    """Arrival time of the oldest waiting event."""
    query = select(func.min(inbox.c.received_at)).where(inbox.c.state == InboxState.WAITING)
    return connection.execute(query).scalar()


def count_dead_letters(connection: Connection) -> int:
    """The number of events that are set aside."""
    query = select(func.count()).select_from(inbox).where(inbox.c.state == InboxState.ASIDE)
    return connection.execute(query).scalar_one()


def last_received(connection: Connection, channel: str) -> datetime | None:
    """Arrival time of the channel's latest event."""
    return connection.execute(select(func.max(inbox.c.received_at)).where(inbox.c.channel == channel)).scalar()


def lock_lane(connection: Connection, lane: Lane) -> None:
    """Lock the lane's events until the commit, so that no worker processes them meanwhile."""
    _lock(connection, (inbox.c.channel == lane.channel) & (inbox.c.lane == lane.name))


def _lock(connection: Connection, matches: ColumnElement[bool]) -> None:
    connection.execute(select(inbox.c.id).where(matches).order_by(*_ORDER).with_for_update())


def _in_order(lane: Lane) -> Select[Any]:
    return (
        select(inbox)
        .where(inbox.c.state == InboxState.WAITING, inbox.c.channel == lane.channel, inbox.c.lane == lane.name)
        .order_by(*_ORDER)
    )


def _stored_event(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.id, row.raw, row.received_at, row.attempts, row.due_at, row.fault == RESTORED)
