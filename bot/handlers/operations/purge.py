"""Delete data after its retention time, and one person's data on request. Counts stay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bot.domain.cases.case import shown_number
from bot.domain.cases.case_transitions import OPEN_STATUSES
from bot.domain.catalog import Retention
from bot.storage.cases.case_rows import read_case
from bot.storage.conversation.device_rows import delete_devices_before
from bot.storage.conversation.private_rows import delete_pages_before
from bot.storage.conversation.unmatched_rows import delete_unmatched_before
from bot.storage.engine import Store
from bot.storage.operations.purge_rows import (
    delete_events_before,
    delete_messages,
    delete_notices_before,
    delete_residents,
    erase_cases,
    erase_resident,
    expired_residents,
    old_cases,
    old_messages,
    reset_conversations,
    resident_cases,
)
from bot.storage.staff.audit_rows import CLOCK, CONSOLE, AuditEntry, add_audit_entry, delete_audit_before
from bot.storage.staff.session_rows import delete_sessions_before

_BATCH = 50
_SESSIONS_KEPT = timedelta(hours=24)
"""Longer than the longest session, and than failed sign-ins count."""

Find = Callable[[Connection], Sequence[str]]
Erase = Callable[[Connection, Sequence[str]], int]


@dataclass(frozen=True)
class Purged:
    """Counts: messages outside cases, cases whose text was erased, residents, audit rows."""

    messages: int
    cases: int
    people: int
    traces: int


class NotPurgedError(Exception):
    """There is no such case, or its resident has an open case; the message says which."""


def purge_kept(store: Store, retention: Retention, now: datetime) -> Purged:
    """Erase what is older than the retention times. Safe to interrupt; the next run continues."""
    talk_before, case_before = now - timedelta(days=retention.talk_days), now - timedelta(days=retention.case_days)
    events_before = now - timedelta(days=retention.events_days)
    audit_before = now - timedelta(days=retention.audit_years * 366)
    messages = _in_batches(store, partial(old_messages, before=talk_before, most=_BATCH), delete_messages)
    cases = _in_batches(store, partial(old_cases, before=case_before, most=_BATCH), partial(erase_cases, now=now))
    people = _in_batches(
        store,
        partial(expired_residents, before=talk_before, most=_BATCH),
        partial(delete_residents, before=talk_before),
    )
    store.transaction(partial(reset_conversations, before=talk_before))
    store.transaction(partial(delete_events_before, done_before=events_before, aside_before=case_before))
    store.transaction(partial(delete_notices_before, before=case_before))
    store.transaction(partial(delete_sessions_before, begun_before=now - _SESSIONS_KEPT))
    store.transaction(partial(delete_unmatched_before, before=talk_before))
    store.transaction(partial(delete_pages_before, before=events_before))
    store.transaction(partial(delete_devices_before, before=talk_before))
    traces = 0
    while deleted := store.transaction(partial(delete_audit_before, before=audit_before, most=_BATCH)):
        traces += deleted
    purged = Purged(messages, cases, people, traces)
    if purged != Purged(0, 0, 0, 0):
        detail = f"messages {messages}, cases {cases}, people {people}, traces {traces}"
        store.transaction(
            lambda connection: add_audit_entry(connection, AuditEntry(now, CLOCK, "purge", detail=detail))
        )
    store.checkpoint()
    return purged


def purge_resident(store: Store, number: str, now: datetime) -> int:
    """Erase all data of the resident of this case; returns the number of messages. Raises NotPurgedError."""

    def work(connection: Connection) -> int:
        case = read_case(connection, number)
        if case is None:
            message = f"there is no case {shown_number(number)}"
            raise NotPurgedError(message)
        statuses = resident_cases(connection, case.resident)
        if OPEN_STATUSES & set(statuses.values()):
            message = f"the resident of case {shown_number(number)} has an open case: close it first"
            raise NotPurgedError(message)
        erased = erase_resident(connection, case.resident)
        erase_cases(connection, list(statuses), now)
        for case_id in statuses:
            add_audit_entry(connection, AuditEntry(now, CONSOLE, "purge-wish", case_id))
        return erased

    erased = store.transaction(work)
    store.checkpoint()
    return erased


def _in_batches(store: Store, find: Find, erase: Erase) -> int:
    """Erase everything `find` returns, in batches; returns the total."""
    total = 0
    while True:
        with store.reading() as connection:
            ids = find(connection)
        if not ids or not (erased := store.transaction(partial(_erase, erase, ids))):
            return total
        total += erased


def _erase(erase: Erase, ids: Sequence[str], connection: Connection) -> int:
    return erase(connection, ids)
