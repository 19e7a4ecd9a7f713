"""Notices to staff, on their way: a case, somebody to tell, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bot.domain.notices import NoticeState
from bot.storage.desk_schema import notices
from bot.storage.leases import Lease
from bot.storage.outbox_rows import new_retry_key
from bot.storage.resident_rows import new_id
from bot.storage.sealing import Keyring, Place


@dataclass(frozen=True)
class NewNotice:
    """A notice to be queued. `case`: empty where it is about none. `about`: the member of staff whom it names."""

    recipient: str
    why: str
    case: str = ""
    about: str = ""
    ticket: str = ""


@dataclass(frozen=True)
class QueuedNotice:
    """A notice as stored."""

    id: str
    recipient: str
    why: str
    case: str
    about: str
    ticket: str
    retry_key: str
    attempts: int
    created_at: datetime


def add_notices(connection: Connection, keys: Keyring, wanted: Iterable[NewNotice], now: datetime) -> None:
    """Queue notices."""
    for each in wanted:
        row = new_id()
        values = {
            "id": row,
            "case_id": each.case or None,
            "recipient": each.recipient,
            "why": each.why,
            "about": each.about,
            "state": NoticeState.QUEUED,
            "created_at": now,
            "due_at": now,
            "ticket": keys.seal(_ticket_place(row), each.ticket) if each.ticket else None,
            "retry_key": new_retry_key(),
        }
        connection.execute(insert(notices).values(values))


def lease_notices(connection: Connection, keys: Keyring, lease: Lease, most: int) -> list[QueuedNotice]:
    """Notices to be tried now, for this worker alone."""
    free = notices.c.leased_until.is_(None) | (notices.c.leased_until <= lease.now)
    mine = (notices.c.state == NoticeState.QUEUED, notices.c.due_at <= lease.now, free)
    query = select(notices).where(*mine).order_by(notices.c.created_at).limit(most)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    ids = [row.id for row in rows]
    if ids:
        connection.execute(update(notices).where(notices.c.id.in_(ids)).values(leased_until=lease.until))
    return [
        QueuedNotice(
            row.id,
            row.recipient,
            row.why,
            row.case_id or "",
            row.about,
            keys.open(_ticket_place(row.id), row.ticket) if row.ticket else "",
            row.retry_key,
            row.attempts,
            row.created_at,
        )
        for row in rows
    ]


def write_notice(
    connection: Connection, notice: QueuedNotice, state: NoticeState, due_at: datetime, fault: str
) -> None:
    """Keep what came of an attempt. A ticket is tried once."""
    values = {
        "state": state,
        "attempts": notice.attempts + 1,
        "due_at": due_at,
        "fault": fault,
        "leased_until": None,
        "ticket": None,
    }
    connection.execute(update(notices).where(notices.c.id == notice.id).values(values))


def free_notices(connection: Connection) -> None:
    """Forget who sends what: for a start where nobody else can be at work (SQLite)."""
    connection.execute(update(notices).where(notices.c.leased_until.is_not(None)).values(leased_until=None))


def spare_waiting(connection: Connection) -> int:
    """After a restore: what waits may have gone out since, and the clocks tell staff anew; how many."""
    values = {"state": NoticeState.SPARED, "fault": "restored", "ticket": None, "leased_until": None}
    return connection.execute(update(notices).where(notices.c.state == NoticeState.QUEUED).values(values)).rowcount


def read_notices(connection: Connection, case_id: str) -> list[tuple[str, str, datetime, str]]:
    """(recipient, why, when, state) of the notices of a case, oldest first."""
    query = select(notices).where(notices.c.case_id == case_id).order_by(notices.c.created_at)
    return [(row.recipient, row.why, row.created_at, row.state) for row in connection.execute(query)]


def was_told_since(connection: Connection, case_id: str, since: datetime) -> bool:
    """Whether anything about this case was put on its way to staff since then."""
    mine = (notices.c.case_id == case_id, notices.c.created_at > since)
    return connection.execute(select(notices.c.id).where(*mine).limit(1)).first() is not None


def oldest_notice(connection: Connection) -> datetime | None:
    """When the oldest notice that waits was written."""
    query = select(func.min(notices.c.created_at)).where(notices.c.state == NoticeState.QUEUED)
    return connection.execute(query).scalar()


def count_failed_notices(connection: Connection, since: datetime) -> int:
    """How many notices of that time reached nobody."""
    mine = (notices.c.state == NoticeState.FAILED, notices.c.created_at >= since)
    return connection.execute(select(func.count()).select_from(notices).where(*mine)).scalar_one()


def _ticket_place(row: str) -> Place:
    return Place("notices", row, "ticket")
