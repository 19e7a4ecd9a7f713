"""Cases, and what happened to them."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from bot.domain.cases import OPEN_STATUSES, Action, Case, Status
from bot.domain.messages import Route
from bot.domain.triage import Kind
from bot.storage.resident_rows import new_id
from bot.storage.schema import case_events, cases

_DIGITS = 6


def find_open_case(connection: Connection, resident: str) -> Case | None:
    """The resident's open case; there is at most one."""
    row = connection.execute(
        select(cases).where(cases.c.resident_id == resident, cases.c.status.in_(OPEN_STATUSES))
    ).first()
    return _case(row) if row else None


def free_number(connection: Connection) -> str:
    """Six random digits that no case has."""
    while True:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        if connection.execute(select(cases.c.id).where(cases.c.number == number)).scalar() is None:
            return number


def open_case(connection: Connection, case: Case) -> None:
    """Keep a case that was opened now."""
    connection.execute(insert(cases).values(_values(case)))
    _note(connection, case, Action.OPEN)


def change_case(connection: Connection, before: Case, after: Case, action: Action) -> None:
    """Keep what happened to a case, unless it changed meanwhile."""
    mine = (cases.c.id == before.id, cases.c.status == before.status)
    if connection.execute(update(cases).where(*mine).values(_values(after))).rowcount:
        _note(connection, after, action)


def list_cases(connection: Connection, *, open_only: bool) -> list[Case]:
    """Cases, emergencies first, then by waiting time."""
    query = select(cases).order_by(cases.c.urgency.desc(), cases.c.opened_at)
    if open_only:
        query = query.where(cases.c.status.in_(OPEN_STATUSES))
    return [_case(row) for row in connection.execute(query)]


def _note(connection: Connection, case: Case, action: Action) -> None:
    values = {"id": new_id(), "case_id": case.id, "action": action, "kind": case.kind, "at": case.changed_at}
    connection.execute(insert(case_events).values(values))


def _values(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "number": case.number,
        "resident_id": case.resident,
        "kind": case.kind,
        "urgency": case.urgency,
        "status": case.status,
        "source": case.source,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
    }


def _case(row: Row[Any]) -> Case:
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
