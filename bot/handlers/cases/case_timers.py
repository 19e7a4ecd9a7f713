"""Case timers: repeat alarms for unclaimed cases, return neglected cases to the queue, ask for follow-up."""

from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.domain.cases.case import alarmed, put_back
from bot.domain.cases.case_transitions import CaseAction, Status
from bot.domain.cases.escalation import StaffAlert
from bot.domain.cases.follow_up import asked
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import notify_staff, read_duty_roster
from bot.handlers.delivery.queue_message import MessageContext, queue_for_resident
from bot.storage.cases.case_rows import (
    CaseChange,
    cases_to_ask,
    change_case,
    due_cases,
    lock_overdue,
    lock_to_ask,
)
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import CLOCK

log = structlog.get_logger()

_MOST_PER_ROUND = 50


def run_case_timers(context: AppContext) -> int:
    """Process all due alarms, owners' leases and follow-up questions; returns their number.

    Each case has its own transaction, so that no message or answer waits for all of them.
    """
    now = context.clock()
    with context.store.reading() as connection:
        due = [(_escalate, case) for case in due_cases(connection, now, _MOST_PER_ROUND)]
        due += [(_ask_resident, case) for case in cases_to_ask(connection, now, _MOST_PER_ROUND)]
    return sum(_run_alone(context.store, partial(step, context=context, case_id=case)) for step, case in due)


def _run_alone(store: Store, step: Callable[[Connection], bool]) -> bool:
    """Whether it succeeded; a case that fails must not stop the timers of the others."""
    try:
        return store.transaction(step)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other cases' alarms must go out
        log.error("alarm_clock_failed", error=type(error).__name__)
        return False


def _escalate(connection: Connection, context: AppContext, case_id: str) -> bool:
    """Notify staff again; if the owner has not answered in time, requeue the case and inform the resident."""
    now = context.clock()
    case = lock_overdue(connection, case_id, now)
    if case is None:
        return False
    roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
    if case.status is Status.WAITING:
        action, after = CaseAction.ALARM, alarmed(case, now, roster)
    else:
        action, after = CaseAction.LAPSE, put_back(case, CaseAction.LAPSE, now, roster)
    change_case(connection, context.keys, case, after, CaseChange(action, CLOCK))
    if action is CaseAction.LAPSE and case.taken_at:
        about = MessageContext(after, roster, now)
        queue_for_resident(
            connection, context.keys, context.content.catalog, about, lambda writer: writer.staff_left("staff-left")
        )
    notify_staff(connection, context.keys, context.staff_channels, roster, StaffAlert(after, action, now))
    return True


def _ask_resident(connection: Connection, context: AppContext, case_id: str) -> bool:
    """Ask a resident who agreed to it whether they have found help."""
    now = context.clock()
    case = lock_to_ask(connection, case_id, now)
    if case is None:
        return False
    roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
    after = asked(case, now, roster)
    change_case(connection, context.keys, case, after, CaseChange(CaseAction.ASK, CLOCK))
    queue_for_resident(
        connection,
        context.keys,
        context.content.catalog,
        MessageContext(after, roster, now),
        lambda writer: writer.found_help(),
    )
    return True
