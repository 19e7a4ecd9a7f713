"""Cases, and what happened to them."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from bot.domain.cases import OPEN_STATUSES, Action, Case, Status, next_status
from bot.domain.messages import Route
from bot.domain.triage import Kind
from bot.storage.resident_rows import new_id
from bot.storage.schema import case_events, cases

_DIGITS = 6


def find_open_case(connection: Connection, resident: str) -> Case | None:
    """The resident's open case; there is at most one."""
    row = connection.execute(select(cases).where(cases.c.resident_id == resident, cases.c.status.in_(OPEN_STATUSES))).first()
    return _case(row) if row else None


def free_number(connection: Connection) -> str:
    """Six random digits that no case has."""
    while True:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        if connection.execute(select(cases.c.id).where(cases.c.number == number)).scalar() is None:
            return number


def open_case(
    connection: Connection, resident: str, number: str, kind: Kind, urgency: Route, source: str, now: datetime
) -> str:
    """Open a case; the id of its row."""
    row = new_id()
    values = {
        "id": row,
        "number": number,
        "resident_id": resident,
        "kind": kind,
        "urgency": urgency,
        "status": next_status(None, Action.OPEN),
        "source": source,
        "opened_at": now,
        "changed_at": now,
    }
    connection.execute(insert(cases).values(values))
    _note(connection, row, Action.OPEN, kind, now)
    return row


def change_case(connection: Connection, case: Case, action: Action, kind: Kind, urgency: Route, now: datetime) -> None:
    """Something happens to an open case. Raises NotPossibleError; a case that changed meanwhile stays as it is."""
    status = next_status(case.status, action)
    statement = update(cases).where(cases.c.id == case.id, cases.c.status == case.status)
    connection.execute(statement.values(status=status, kind=kind, urgency=urgency, changed_at=now))
    _note(connection, case.id, action, kind, now)


def list_cases(connection: Connection, *, open_only: bool) -> list[Case]:
    """Cases, emergencies first, then by waiting time."""
    query = select(cases).order_by(cases.c.urgency.desc(), cases.c.opened_at)
    if open_only:
        query = query.where(cases.c.status.in_(OPEN_STATUSES))
    return [_case(row) for row in connection.execute(query)]


def _note(connection: Connection, case: str, action: Action, kind: Kind, now: datetime) -> None:
    values = {"id": new_id(), "case_id": case, "action": action, "kind": kind, "at": now}
    connection.execute(insert(case_events).values(values))


def _case(row: Row[tuple[object, ...]]) -> Case:
    return Case(
        id=row.id,
        number=row.number,
        resident=row.resident_id,
        kind=Kind(row.kind),
        urgency=Route(row.urgency),
        status=Status(row.status),
        source=row.source,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
    )
