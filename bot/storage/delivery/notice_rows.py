"""Notices to staff, on their way: a case, somebody to tell, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from bot.domain.delivery.delivery_rules import CHAT
from bot.domain.delivery.notices import NoticeState
from bot.storage.delivery.outbox_rows import new_retry_key
from bot.storage.identifiers import new_id
from bot.storage.leases import Lease
from bot.storage.schema.desk_schema import notices, staff_chats
from bot.storage.schema.residents_and_cases import cases
from bot.storage.sealing import Keyring, SealedField


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
    message: str
    """The platform's id of the message, once it was taken; empty where it cannot be written anew."""


@dataclass(frozen=True)
class NoticeAttempt:
    """What came of an attempt. `shown`: what of the case stands in the message now."""

    state: NoticeState
    due_at: datetime
    fault: str = ""
    message: str = ""
    shown: str = ""


AMENDED_FOR = timedelta(days=14)
"""How long after it was sent a notice is kept true."""


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


def lease_notices(connection: Connection, keys: Keyring, way: str, lease: Lease, most: int) -> list[QueuedNotice]:
    """Notices to be tried now, for this worker alone: those of one platform, or (`way` empty) by mail.

    Those of a chat that was forgotten go with the mail.
    """
    free = notices.c.leased_until.is_(None) | (notices.c.leased_until <= lease.now)
    mine = (notices.c.state == NoticeState.QUEUED, notices.c.due_at <= lease.now, free)
    query = (
        select(notices)
        .outerjoin(staff_chats, notices.c.recipient == CHAT + staff_chats.c.id)
        .where(*mine, func.coalesce(staff_chats.c.channel, "") == way)
        .order_by(notices.c.created_at)
        .limit(most)
    )
    rows = connection.execute(query.with_for_update(skip_locked=True, of=notices)).all()
    ids = [row.id for row in rows]
    if ids:
        connection.execute(update(notices).where(notices.c.id.in_(ids)).values(leased_until=lease.until))
    return [_queued(keys, row) for row in rows]


def write_notice(connection: Connection, notice: QueuedNotice, tried: NoticeAttempt) -> None:
    """Keep what came of an attempt. A ticket is tried once."""
    values = vars(tried) | {"attempts": notice.attempts + 1, "leased_until": None, "ticket": None}
    connection.execute(update(notices).where(notices.c.id == notice.id).values(values))


def lease_untrue(connection: Connection, keys: Keyring, lease: Lease, most: int) -> list[list[QueuedNotice]]:
    """Messages in chats that say of a case what does not hold any more, each with all notices that stand in it."""
    free = notices.c.leased_until.is_(None) | (notices.c.leased_until <= lease.now)
    sent = (notices.c.state == NoticeState.ACCEPTED, notices.c.message != "", notices.c.shown != "")
    young = (notices.c.due_at <= lease.now, notices.c.due_at > lease.now - AMENDED_FOR)
    query = (
        select(notices.c.recipient, notices.c.message)
        .join(cases, cases.c.id == notices.c.case_id)
        .where(*sent, *young, free, notices.c.shown != cases.c.status + ":" + cases.c.owner)
        .limit(most)
        .with_for_update(skip_locked=True, of=notices)
    )
    found = []
    for recipient, message in dict.fromkeys(tuple(row) for row in connection.execute(query)):
        mine = (notices.c.recipient == recipient, notices.c.message == message)
        connection.execute(update(notices).where(*mine).values(leased_until=lease.until))
        rows = connection.execute(select(notices).where(*mine).order_by(notices.c.created_at))
        found.append([_queued(keys, row) for row in rows])
    return found


def write_amended(connection: Connection, amended: Sequence[tuple[str, str]], due_at: datetime) -> None:
    """Keep what of its case each notice (its id) shows now, and when it is looked at again."""
    for notice, shown in amended:
        values = {"shown": shown, "due_at": due_at, "leased_until": None}
        connection.execute(update(notices).where(notices.c.id == notice).values(values))


def postpone_amending(connection: Connection, waiting: Sequence[str], due_at: datetime) -> None:
    """Notices (their ids) that could not be written anew now."""
    values = {"due_at": due_at, "leased_until": None}
    connection.execute(update(notices).where(notices.c.id.in_(waiting)).values(values))


def find_notice(connection: Connection, recipient: str, message: str) -> str | None:
    """The case that this message in a chat is about, empty where it is about none; None where it is no notice."""
    query = select(notices.c.case_id).where(notices.c.recipient == recipient, notices.c.message == message)
    row = connection.execute(query.limit(1)).first()
    return (row.case_id or "") if row else None


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


def count_failed_notices(connection: Connection, since: datetime) -> int:
    """How many notices of that time reached nobody."""
    mine = (notices.c.state == NoticeState.FAILED, notices.c.created_at >= since)
    return connection.execute(select(func.count()).select_from(notices).where(*mine)).scalar_one()


def _queued(keys: Keyring, row: Row[Any]) -> QueuedNotice:
    return QueuedNotice(
        row.id,
        row.recipient,
        row.why,
        row.case_id or "",
        row.about,
        keys.open(_ticket_place(row.id), row.ticket) if row.ticket else "",
        row.retry_key,
        row.attempts,
        row.created_at,
        row.message,
    )


def _ticket_place(row: str) -> SealedField:
    return SealedField("notices", row, "ticket")
