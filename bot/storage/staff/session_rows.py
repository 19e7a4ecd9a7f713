"""Sessions of signed-in staff, and counts of failed sign-ins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.desk_schema import sessions, sign_in_failures


@dataclass(frozen=True)
class Session:
    staff: str
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Failures:
    """Failed sign-ins of a login or an address."""

    count: int
    last_at: datetime


def add_session(connection: Connection, hashed: str, staff_id: str, now: datetime) -> None:
    connection.execute(insert(sessions).values(id=hashed, staff_id=staff_id, begun_at=now, seen_at=now))


def find_session(connection: Connection, hashed: str) -> Session | None:
    """The session of this cookie."""
    row = connection.execute(select(sessions).where(sessions.c.id == hashed)).first()
    return Session(row.staff_id, row.begun_at, row.seen_at) if row else None


def touch_session(connection: Connection, hashed: str, now: datetime) -> None:
    """Record activity, so that the session does not expire."""
    connection.execute(update(sessions).where(sessions.c.id == hashed).values(seen_at=now))


def end_sessions(connection: Connection, *, hashed: str = "", staff_id: str = "") -> None:
    """End one session, or all of one person."""
    matches = sessions.c.id == hashed if hashed else sessions.c.staff_id == staff_id
    connection.execute(delete(sessions).where(matches))


def end_every_session(connection: Connection) -> None:
    connection.execute(delete(sessions))


def delete_sessions_before(connection: Connection, begun_before: datetime) -> None:
    """Delete old sessions and failures."""
    connection.execute(delete(sessions).where(sessions.c.begun_at < begun_before))
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < begun_before))


def read_failures(connection: Connection, key: str, now: datetime) -> Failures:
    """The failures under this key, locked, so that simultaneous attempts are counted one by one."""
    insert_if_new(connection, sign_in_failures, {"id": key, "count": 0, "last_at": now})
    matches = sign_in_failures.c.id == key
    row = connection.execute(select(sign_in_failures).where(matches).with_for_update()).one()
    return Failures(row._mapping["count"], row.last_at)  # noqa: SLF001 -- a row is a tuple, whose `count` is a method


def write_failures(connection: Connection, key: str, failures: Failures) -> None:
    values = {"count": failures.count, "last_at": failures.last_at}
    connection.execute(update(sign_in_failures).where(sign_in_failures.c.id == key).values(values))
