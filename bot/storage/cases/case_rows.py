"""Cases and their history."""

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
"""Columns whose names differ from the fields of `Case`."""


@dataclass(frozen=True)
class CaseChange:
    """What was done to a case, and by whom. `detail` never contains a resident's words; `note` is sealed."""

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
    """The case was changed between reading and writing, because it was not locked."""


def find_open_case(connection: Connection, resident: str) -> Case | None:
    """The resident's open case, locked; there is at most one."""
    matches = (cases.c.resident_id == resident, cases.c.status.in_(OPEN_STATUSES))
    row = connection.execute(select(cases).where(*matches).with_for_update(key_share=True)).first()
    return _case(row) if row else None


def find_last_case(connection: Connection, resident: str, ended_since: datetime) -> Case | None:
    """The resident's last case that staff closed since then, locked."""
    matches = (cases.c.resident_id == resident, cases.c.closed_at >= ended_since, cases.c.status == Status.CLOSED)
    query = select(cases).where(*matches).order_by(cases.c.closed_at.desc()).limit(1)
    row = connection.execute(query.with_for_update(key_share=True)).first()
    return _case(row) if row else None


def lock_case(connection: Connection, case_id: str) -> Case | None:
    """Lock a case and its resident until the commit."""
    return lock_cases(connection, [case_id]).get(case_id)


def lock_cases(connection: Connection, ids: Collection[str]) -> dict[str, Case]:
    """Lock several cases and their residents in the order of their ids, to prevent deadlocks."""
    lock_residents(connection, select(cases.c.resident_id).where(cases.c.id.in_(ids)))
    query = select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update(key_share=True)
    return {row.id: _case(row) for row in connection.execute(query)}


def read_case(connection: Connection, number: str) -> Case | None:
    """The case with this six-digit number."""
    row = connection.execute(select(cases).where(cases.c.number == number)).first()
    return _case(row) if row else None


def read_case_by_id(connection: Connection, case_id: str) -> Case | None:
    row = connection.execute(select(cases).where(cases.c.id == case_id)).first()
    return _case(row) if row else None


def numbers_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Numbers by case id; ids that are no cases are left out."""
    query = select(cases.c.id, cases.c.number).where(cases.c.id.in_(ids))
    return {row.id: row.number for row in connection.execute(query)}


def free_number(connection: Connection) -> str:
    """A random six-digit number that is not in use."""
    while True:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        if connection.execute(select(cases.c.id).where(cases.c.number == number)).scalar() is None:
            return number


def open_case(connection: Connection, keys: Keyring, case: Case, by: str = RESIDENT) -> None:
    connection.execute(insert(cases).values(_values(case)))
    _add_history(connection, keys, case, CaseChange(CaseAction.OPEN, by))


def change_case(connection: Connection, keys: Keyring, before: Case, after: Case, done: CaseChange) -> None:
    """Store a change of a locked case, with its history and audit entry. Raises CaseChangedError."""
    matches = (cases.c.id == before.id, cases.c.status == before.status, cases.c.owner == before.owner)
    if not connection.execute(update(cases).where(*matches).values(_values(after))).rowcount:
        raise CaseChangedError
    _add_history(connection, keys, after, done)


def list_cases(connection: Connection, *, open_only: bool) -> list[Case]:
    """Cases, emergencies first, then by waiting time."""
    query = select(cases).order_by(cases.c.urgency.desc(), cases.c.opened_at)
    if open_only:
        query = query.where(cases.c.status.in_(OPEN_STATUSES))
    return [_case(row) for row in connection.execute(query)]


def due_cases(connection: Connection, now: datetime, most: int) -> list[str]:
    """The ids of cases whose alarm or lease is due."""
    return list(connection.execute(select(cases.c.id).where(_is_due(now)).limit(most)).scalars())


def lock_overdue(connection: Connection, case_id: str, now: datetime) -> Case | None:
    """The case, locked, if its alarm or lease is still due, and neither it nor its resident is locked by others."""
    return _lock_if(connection, case_id, _is_due(now))


def end_leases_of(connection: Connection, staff: str, now: datetime) -> None:
    """The account is closed: the case timers will put its cases back into the queue."""
    matches = (cases.c.owner == staff, cases.c.status == Status.CLAIMED)
    owned = select(cases.c.id).where(*matches).order_by(cases.c.id).with_for_update(key_share=True)
    ids = connection.execute(owned).scalars().all()
    connection.execute(update(cases).where(cases.c.id.in_(ids)).values(lease_until=now))


def cases_to_ask(connection: Connection, now: datetime, most: int) -> list[str]:
    """The ids of closed cases whose resident is now due to be asked whether they found help."""
    return list(connection.execute(select(cases.c.id).where(_is_to_be_asked(now)).limit(most)).scalars())


def lock_to_ask(connection: Connection, case_id: str, now: datetime) -> Case | None:
    """The case, locked, if the question is still due, and neither it nor its resident is locked by others."""
    return _lock_if(connection, case_id, _is_to_be_asked(now))


def cases_of(connection: Connection, resident: str) -> list[Case]:
    """The cases of a resident, newest first."""
    query = select(cases).where(cases.c.resident_id == resident).order_by(cases.c.opened_at.desc())
    return [_case(row) for row in connection.execute(query)]


def cases_joined_to(connection: Connection, case_id: str) -> list[Case]:
    """The cases merged into this one."""
    query = select(cases).where(cases.c.joined_to == case_id).order_by(cases.c.opened_at)
    return [_case(row) for row in connection.execute(query)]


def trigger_waiting_alarms(connection: Connection, now: datetime) -> None:
    """After a restore: make the alarm of every waiting case due now, so that staff are notified again."""
    waiting = (cases.c.status == Status.WAITING, cases.c.alarm_at > now)
    connection.execute(update(cases).where(*waiting).values(alarm_at=now))


def cancel_overdue_messages(connection: Connection, now: datetime) -> None:
    """After a restore: cancel overdue messages of the case timers, as they may have been sent since the backup."""
    lapsed = (cases.c.status == Status.CLAIMED, cases.c.lease_until <= now)
    connection.execute(update(cases).where(*lapsed).values(taken_at=None))
    connection.execute(update(cases).where(cases.c.ask_at <= now).values(ask_at=None))


def read_history(connection: Connection, keys: Keyring, case_id: str) -> list[CaseEvent]:
    """The history of a case, oldest first."""
    query = select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.at)
    return [
        CaseEvent(
            row.at,
            CaseChange(
                CaseAction(row.action),
                row.staff,
                row.detail,
                keys.open(_note_field(row.id), row.note) if row.note else "",
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


def _lock_if(connection: Connection, case_id: str, condition: ColumnElement[bool]) -> Case | None:
    """The case, locked, if it meets the condition; None also if it or its resident is locked by others."""
    theirs = select(cases.c.resident_id).where(cases.c.id == case_id)
    if not lock_residents(connection, theirs, skips=True):
        return None
    query = select(cases).where(cases.c.id == case_id, condition).with_for_update(key_share=True, skip_locked=True)
    row = connection.execute(query).first()
    return _case(row) if row else None


def _add_history(connection: Connection, keys: Keyring, case: Case, done: CaseChange) -> None:
    row = new_id()
    values = {
        "id": row,
        "case_id": case.id,
        "action": done.action,
        "kind": case.kind,
        "at": case.changed_at,
        "staff": done.by,
        "detail": done.detail,
        "note": keys.seal(_note_field(row), done.note) if done.note else None,
    }
    connection.execute(insert(case_events).values(values))
    add_audit_entry(connection, AuditEntry(case.changed_at, done.by, f"case-{done.action}", case.id, done.detail))


def _note_field(row: str) -> SealedField:
    return SealedField("case_events", row, "note")


def _values(case: Case) -> dict[str, object]:
    return {_COLUMNS.get(field.name, field.name): getattr(case, field.name) for field in fields(case)}


def _case(row: Row[Any]) -> Case:
    values = {field.name: getattr(row, _COLUMNS.get(field.name, field.name)) for field in fields(Case)}
    typed = {"kind": KindId(row.kind), "urgency": Route(row.urgency), "status": Status(row.status)}
    return Case(**(values | typed))
