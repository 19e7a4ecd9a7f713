"""The audit trail: each row holds its own hash and the previous one's, so that changes and deletions are detectable."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from sqlalchemy import Connection, delete, insert, select, update

from bot.storage.schema.desk_schema import audit, audit_head

RESIDENT, CLOCK, CONSOLE = "resident", "clock", "console"
"""Actors that are not members of staff: the resident, a timer, or the operator on the command line."""


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to what. `detail` never contains a resident's words."""

    at: datetime
    staff: str
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True)
class NumberedAuditEntry:
    number: int
    trace: AuditEntry


def add_audit_entry(connection: Connection, entry: AuditEntry) -> None:
    """Append to the trail. The head is locked until the commit, so the chain cannot fork."""
    head = connection.execute(select(audit_head).with_for_update()).one()
    number = head.number + 1
    link = _link(head.hash, number, entry)
    values = {
        "number": number,
        "at": entry.at,
        "staff": entry.staff,
        "action": entry.action,
        "about": entry.about,
        "detail": entry.detail,
        "hash": link,
    }
    connection.execute(insert(audit).values(values))
    connection.execute(update(audit_head).values(number=number, hash=link))


def read_audit_entries(
    connection: Connection, *, about: str = "", before: int | None = None, most: int = 200
) -> list[NumberedAuditEntry]:
    """Newest first, about one thing or all; `before`: only entries with lower numbers."""
    query = select(audit).order_by(audit.c.number.desc()).limit(most)
    if about:
        query = query.where(audit.c.about == about)
    if before is not None:
        query = query.where(audit.c.number < before)
    return [
        NumberedAuditEntry(row.number, AuditEntry(row.at, row.staff, row.action, row.about, row.detail))
        for row in connection.execute(query)
    ]


def last_audit_entry(connection: Connection, action: str) -> AuditEntry | None:
    """The newest entry of an action."""
    query = select(audit).where(audit.c.action == action).order_by(audit.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return AuditEntry(row.at, row.staff, row.action, row.about, row.detail) if row else None


def broken_link(connection: Connection) -> int:
    """The number of the first row that breaks the chain; 0 if it is intact."""
    head = connection.execute(select(audit_head)).one()
    before, last = head.anchor_hash, head.anchor_number
    for row in connection.execute(select(audit).order_by(audit.c.number)):
        entry = AuditEntry(row.at, row.staff, row.action, row.about, row.detail)
        if row.number != last + 1 or _link(before, row.number, entry) != row.hash:
            return int(row.number)
        before, last = row.hash, row.number
    return 0 if (head.number, head.hash) == (last, before) else int(head.number)


def delete_audit_before(connection: Connection, before: datetime, most: int) -> int:
    """Delete up to `most` of the oldest rows from before then, and move the chain's anchor. Returns their number."""
    head = connection.execute(select(audit_head).with_for_update()).one()
    oldest = connection.execute(select(audit).order_by(audit.c.number).limit(most)).all()
    old = list(takewhile(lambda row: row.at < before, oldest))
    if not old or old[0].number != head.anchor_number + 1:
        return 0  # nothing is old, or the chain is broken: the rest of it is evidence
    connection.execute(delete(audit).where(audit.c.number <= old[-1].number))
    connection.execute(update(audit_head).values(anchor_number=old[-1].number, anchor_hash=old[-1].hash))
    return len(old)


def _link(before: str, number: int, entry: AuditEntry) -> str:
    at = entry.at.astimezone(UTC).isoformat()
    content = json.dumps([before, number, at, entry.staff, entry.action, entry.about, entry.detail])
    return hashlib.sha256(content.encode()).hexdigest()
