"""Cases, and what happened to them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import OPEN_STATUSES, CaseAction, Status
from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId
from bot.storage.conversation.resident_rows import lock_residents
from bot.storage.identifiers import new_id
from bot.storage.schema.residents_and_cases import case_events, cases
from bot.storage.sealing import Keyring, SealedField
from bot.storage.staff.audit_rows import RESIDENT, AuditEntry, add_audit_entry

_DIGITS = 6
_COLUMNS = {"resident": "resident_id"}
"""Where a column is not called as the field of `Case`."""


@dataclass(frozen=True)
class CaseChange:
    """What was done to a case, by whom. `detail` and `note`: for staff; the note is sealed, the detail has no words."""

    action: CaseAction
    by: str
    detail: str = ""
    note: str = ""


@dataclass(frozen=True)
class CaseEvent:
    """One line of a case's history."""

    at: datetime
    done: CaseChange


class CaseChangedError(Exception):
    """Somebody changed the case between its reading and its writing: it was not locked."""


def find_open_case(connection: Connection, resident: str) -> Case | None:
    """The resident's open case, locked; there is at most one."""
    mine = (cases.c.resident_id == resident, cases.c.status.in_(OPEN_STATUSES))
    row = connection.execute(select(cases).where(*mine).with_for_update(key_share=True)).first()
    return _case(row) if row else None


def find_last_case(connection: Connection, resident: str, ended_since: datetime) -> Case | None:
    """The resident's last case that staff closed since then, locked."""
    mine = (cases.c.resident_id == resident, cases.c.closed_at >= ended_since, cases.c.status == Status.CLOSED)
    query = select(cases).where(*mine).order_by(cases.c.closed_at.desc()).limit(1)
    row = connection.execute(query.with_for_update(key_share=True)).first()
    return _case(row) if row else None


def lock_case(connection: Connection, case_id: str) -> Case | None:
    """One case; until the commit nobody else changes it, and its resident's messages wait."""
    return lock_cases(connection, [case_id]).get(case_id)


def lock_cases(connection: Connection, ids: Collection[str]) -> dict[str, Case]:
    """Several cases as `lock_case`, by id; at once, because one after the other would be in no order."""
    lock_residents(connection, select(cases.c.resident_id).where(cases.c.id.in_(ids)))
    query = select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update(key_share=True)
    return {row.id: _case(row) for row in connection.execute(query)}


def read_case(connection: Connection, number: str) -> Case | None:
    """The case with these six digits."""
    row = connection.execute(select(cases).where(cases.c.number == number)).first()
    return _case(row) if row else None


def read_case_by_id(connection: Connection, case_id: str) -> Case | None:
    """The case with this id."""
    row = connection.execute(select(cases).where(cases.c.id == case_id)).first()
    return _case(row) if row else None


def numbers_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The numbers of those of these ids that are cases."""
    query = select(cases.c.id, cases.c.number).where(cases.c.id.in_(ids))
    return {row.id: row.number for row in connection.execute(query)}


def free_number(connection: Connection) -> str:
    """Six random digits that no case has."""
    while True:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        if connection.execute(select(cases.c.id).where(cases.c.number == number)).scalar() is None:
            return number


def open_case(connection: Connection, keys: Keyring, case: Case, by: str = RESIDENT) -> None:
    """Keep a case that was opened now."""
    connection.execute(insert(cases).values(_values(case)))
    _note(connection, keys, case, CaseChange(CaseAction.OPEN, by))


def change_case(connection: Connection, keys: Keyring, before: Case, after: Case, done: CaseChange) -> None:
    """Keep what happened to a case that this transaction has locked, with its trace in the audit."""
    mine = (cases.c.id == before.id, cases.c.status == before.status, cases.c.owner == before.owner)
    if not connection.execute(update(cases).where(*mine).values(_values(after))).rowcount:
        raise CaseChangedError
    _note(connection, keys, after, done)


def list_cases(connection: Connection, *, open_only: bool) -> list[Case]:
    """Cases, emergencies first, then by waiting time."""
    query = select(cases).order_by(cases.c.urgency.desc(), cases.c.opened_at)
    if open_only:
        query = query.where(cases.c.status.in_(OPEN_STATUSES))
    return [_case(row) for row in connection.execute(query)]


def due_cases(connection: Connection, now: datetime, most: int) -> list[str]:
    """The ids of cases whose alarm or lease has come."""
    return list(connection.execute(select(cases.c.id).where(_is_due(now)).limit(most)).scalars())


def lock_overdue(connection: Connection, case_id: str, now: datetime) -> Case | None:
    """The case, locked, if its alarm or lease has come still and nobody else works on it or for its resident."""
    return _lock_if(connection, case_id, _is_due(now))


def end_leases_of(connection: Connection, staff: str, now: datetime) -> None:
    """Whoever has these cases is gone: the next round of the clocks puts them back into the queue."""
    mine = (cases.c.owner == staff, cases.c.status == Status.CLAIMED)
    theirs = select(cases.c.id).where(*mine).order_by(cases.c.id).with_for_update(key_share=True)
    ids = connection.execute(theirs).scalars().all()
    connection.execute(update(cases).where(cases.c.id.in_(ids)).values(lease_until=now))


def cases_to_ask(connection: Connection, now: datetime, most: int) -> list[str]:
    """The ids of ended cases whose resident is to be asked now whether they found help."""
    return list(connection.execute(select(cases.c.id).where(_is_to_be_asked(now)).limit(most)).scalars())


def lock_to_ask(connection: Connection, case_id: str, now: datetime) -> Case | None:
    """The case, locked, if its resident is to be asked still and nobody else works on it or for them."""
    return _lock_if(connection, case_id, _is_to_be_asked(now))


def cases_of(connection: Connection, resident: str) -> list[Case]:
    """Every case of a resident, the newest first."""
    query = select(cases).where(cases.c.resident_id == resident).order_by(cases.c.opened_at.desc())
    return [_case(row) for row in connection.execute(query)]


def cases_joined_to(connection: Connection, case_id: str) -> list[Case]:
    """The cases that go on in this one."""
    query = select(cases).where(cases.c.joined_to == case_id).order_by(cases.c.opened_at)
    return [_case(row) for row in connection.execute(query)]


def ring_waiting(connection: Connection, now: datetime) -> None:
    """After a restore: the alarm of every waiting case comes at once, whatever staff were told before."""
    waiting = (cases.c.status == Status.WAITING, cases.c.alarm_at > now)
    connection.execute(update(cases).where(*waiting).values(alarm_at=now))


def say_nothing_twice(connection: Connection, now: datetime) -> None:
    """After a restore: what the clocks would say to residents now, they may have said since the backup was made."""
    lapsed = (cases.c.status == Status.CLAIMED, cases.c.lease_until <= now)
    connection.execute(update(cases).where(*lapsed).values(taken_at=None))
    connection.execute(update(cases).where(cases.c.ask_at <= now).values(ask_at=None))


def read_history(connection: Connection, keys: Keyring, case_id: str) -> list[CaseEvent]:
    """What happened to a case, oldest first."""
    query = select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.at)
    return [
        CaseEvent(
            row.at,
            CaseChange(
                CaseAction(row.action),
                row.staff,
                row.detail,
                keys.open(_note_place(row.id), row.note) if row.note else "",
            ),
        )
        for row in connection.execute(query)
    ]


def _is_due(now: datetime) -> ColumnElement[bool]:
    waiting = (cases.c.status == Status.WAITING) & (cases.c.alarm_at <= now)
    lapsed = (cases.c.status == Status.CLAIMED) & (cases.c.lease_until <= now)
    return waiting | lapsed


def _is_to_be_asked(now: datetime) -> ColumnElement[bool]:
    return and_(cases.c.status == Status.CLOSED, cases.c.ask_at <= now, cases.c.erased_at.is_(None))


def _lock_if(connection: Connection, case_id: str, holds: ColumnElement[bool]) -> Case | None:
    """The case for which it holds; None also where somebody else has locked it or its resident."""
    theirs = select(cases.c.resident_id).where(cases.c.id == case_id)
    if not lock_residents(connection, theirs, skips=True):
        return None
    query = select(cases).where(cases.c.id == case_id, holds).with_for_update(key_share=True, skip_locked=True)
    row = connection.execute(query).first()
    return _case(row) if row else None


def _note(connection: Connection, keys: Keyring, case: Case, done: CaseChange) -> None:
    row = new_id()
    values = {
        "id": row,
        "case_id": case.id,
        "action": done.action,
        "kind": case.kind,
        "at": case.changed_at,
        "staff": done.by,
        "detail": done.detail,
        "note": keys.seal(_note_place(row), done.note) if done.note else None,
    }
    connection.execute(insert(case_events).values(values))
    add_audit_entry(connection, AuditEntry(case.changed_at, done.by, f"case-{done.action}", case.id, done.detail))


def _note_place(row: str) -> SealedField:
    return SealedField("case_events", row, "note")


def _values(case: Case) -> dict[str, object]:
    return {_COLUMNS.get(field.name, field.name): getattr(case, field.name) for field in fields(case)}


def _case(row: Row[Any]) -> Case:
    values = {field.name: getattr(row, _COLUMNS.get(field.name, field.name)) for field in fields(Case)}
    typed = {"kind": KindId(row.kind), "urgency": Route(row.urgency), "status": Status(row.status)}
    return Case(**(values | typed))
