"""The clocks of the cases: what nobody took is told again, what an owner forgot goes back into the queue."""

from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.domain.cases.case import Case, alarmed, put_back
from bot.domain.cases.case_transitions import Action, Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.follow_up import asked
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import News, roster_of, tell_staff
from bot.handlers.delivery.queue_message import About, say_to_resident
from bot.storage.cases.case_rows import CLOCK, Done, cases_to_ask, change_case, due_cases

log = structlog.get_logger()

_AT_ONCE = 50


def run_clocks(context: AppContext) -> int:
    """Ring every alarm, end every lease and ask every question whose time has come; how many."""

    def ring(connection: Connection) -> int:
        roster = roster_of(connection, context)
        due = [(_ring, case) for case in due_cases(connection, context.clock(), _AT_ONCE)]
        due += [(_ask, case) for case in cases_to_ask(connection, context.clock(), _AT_ONCE)]
        return sum(_apart(connection, partial(do, connection, context, roster, case)) for do, case in due)

    return context.store.transaction(ring)


def _apart(connection: Connection, do: Callable[[], None]) -> bool:
    """Whether it could be done; one case that fails must not stop the clocks of all others."""
    try:
        with connection.begin_nested():
            do()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the alarms of everybody else must ring
        log.error("alarm_clock_failed", error=type(error).__name__)
        return False
    return True


def _ring(connection: Connection, context: AppContext, roster: DutyRoster, case: Case) -> None:
    """Somebody is told again; an owner who has not answered has the case no more, and the resident knows it."""
    now = context.clock()
    if case.status is Status.WAITING:
        action, after = Action.ALARM, alarmed(case, now, roster)
    else:
        action, after = Action.LAPSE, put_back(case, Action.LAPSE, now, roster)
    change_case(connection, context.keys, case, after, Done(action, CLOCK))
    if action is Action.LAPSE and case.taken_at:
        about = About(after, roster, now)
        say_to_resident(connection, context, about, lambda writer: writer.staff_left("staff-left"))
    tell_staff(connection, context, roster, News(after, action, now))


def _ask(connection: Connection, context: AppContext, roster: DutyRoster, case: Case) -> None:
    """Whether the resident, who agreed to be asked, has found help."""
    now = context.clock()
    after = asked(case, now, roster)
    change_case(connection, context.keys, case, after, Done(Action.ASK, CLOCK))
    say_to_resident(connection, context, About(after, roster, now), lambda writer: writer.found_help())
