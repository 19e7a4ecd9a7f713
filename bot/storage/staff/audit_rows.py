"""The audit trail: each row carries the hash of itself and of the one before; what was changed or taken out shows."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from sqlalchemy import Connection, delete, insert, select, update

from bot.storage.schema.desk_schema import audit, audit_head

RESIDENT, CLOCK, CONSOLE = "resident", "clock", "console"
"""Who did it, where it was no member of staff: the resident, the time, or whoever used the command line."""


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to what. `detail` never holds a word of a resident."""

    at: datetime
    staff: str
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True)
class NumberedAuditEntry:
    """A trace as stored."""

    number: int
    trace: AuditEntry


def add_audit_entry(connection: Connection, trace: AuditEntry) -> None:
    """Add to the trail. Until the commit nobody else does: the chain has no fork."""
    head = connection.execute(select(audit_head).with_for_update()).one()
    number = head.number + 1
    link = _link(head.hash, number, trace)
    values = {
        "number": number,
        "at": trace.at,
        "staff": trace.staff,
        "action": trace.action,
        "about": trace.about,
        "detail": trace.detail,
        "hash": link,
    }
    connection.execute(insert(audit).values(values))
    connection.execute(update(audit_head).values(number=number, hash=link))


def read_audit_entries(
    connection: Connection, *, about: str = "", before: int | None = None, most: int = 200
) -> list[NumberedAuditEntry]:
    """The newest traces first, of one thing or of all; `before`: those older than the one with that number."""
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
    """The newest trace of an action."""
    query = select(audit).where(audit.c.action == action).order_by(audit.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return AuditEntry(row.at, row.staff, row.action, row.about, row.detail) if row else None


def broken_link(connection: Connection) -> int:
    """The number of the first row that does not fit its chain; 0 where all do."""
    head = connection.execute(select(audit_head)).one()
    before, last = head.anchor_hash, head.anchor_number
    for row in connection.execute(select(audit).order_by(audit.c.number)):
        trace = AuditEntry(row.at, row.staff, row.action, row.about, row.detail)
        if row.number != last + 1 or _link(before, row.number, trace) != row.hash:
            return int(row.number)
        before, last = row.hash, row.number
    return 0 if (head.number, head.hash) == (last, before) else int(head.number)


def delete_audit_before(connection: Connection, before: datetime, most: int) -> int:
    """Take up to `most` rows from before then off the old end; the chain goes on from the last of them. How many."""
    head = connection.execute(select(audit_head).with_for_update()).one()
    oldest = connection.execute(select(audit).order_by(audit.c.number).limit(most)).all()
    old = list(takewhile(lambda row: row.at < before, oldest))
    if not old or old[0].number != head.anchor_number + 1:
        return 0  # nothing is old, or the chain is broken: what is left of it is evidence
    connection.execute(delete(audit).where(audit.c.number <= old[-1].number))
    connection.execute(update(audit_head).values(anchor_number=old[-1].number, anchor_hash=old[-1].hash))
    return len(old)


def _link(before: str, number: int, trace: AuditEntry) -> str:
    at = trace.at.astimezone(UTC).isoformat()
    whole = json.dumps([before, number, at, trace.staff, trace.action, trace.about, trace.detail])
    return hashlib.sha256(whole.encode()).hexdigest()
