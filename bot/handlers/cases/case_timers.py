"""The clocks of the cases: what nobody took is told again, what an owner forgot goes back into the queue."""

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

_AT_ONCE = 50


def run_case_timers(context: AppContext) -> int:
    """Ring every alarm, end every lease and ask every question whose time has come; how many.

    Each case in a transaction of its own: nobody who writes or answers waits for all others.
    """
    now = context.clock()
    with context.store.reading() as connection:
        due = [(_ring, case) for case in due_cases(connection, now, _AT_ONCE)]
        due += [(_ask, case) for case in cases_to_ask(connection, now, _AT_ONCE)]
    return sum(_apart(context.store, partial(do, context=context, case_id=case)) for do, case in due)


def _apart(store: Store, do: Callable[[Connection], bool]) -> bool:
    """Whether it was done; one case that fails must not stop the clocks of all others."""
    try:
        return store.transaction(do)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the alarms of everybody else must ring
        log.error("alarm_clock_failed", error=type(error).__name__)
        return False


def _ring(connection: Connection, context: AppContext, case_id: str) -> bool:
    """Somebody is told again; an owner who has not answered has the case no more, and the resident knows it."""
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


def _ask(connection: Connection, context: AppContext, case_id: str) -> bool:
    """Whether the resident, who agreed to be asked, has found help."""
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
