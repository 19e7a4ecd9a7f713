"""The clocks of the cases: what nobody took is told again, what an owner forgot goes back into the queue."""

from sqlalchemy import Connection

from bot.domain.cases import Action, Status, alarmed, put_back
from bot.handlers.house import House
from bot.handlers.tell_staff import News, roster_of, tell_staff
from bot.storage.case_rows import CLOCK, Done, change_case, due_cases

_AT_ONCE = 50


def run_clocks(house: House) -> int:
    """Ring every alarm and end every lease whose time has come; how many."""
    now, keys = house.now(), house.reception.keys

    def ring(connection: Connection) -> int:
        roster = roster_of(connection, house.reception)
        due = due_cases(connection, now, _AT_ONCE)
        for case in due:
            if case.status is Status.WAITING:
                action, after = Action.ALARM, alarmed(case, now, roster)
            else:
                action, after = Action.LAPSE, put_back(case, Action.LAPSE, now, roster)
            change_case(connection, keys, case, after, Done(action, CLOCK))
            tell_staff(connection, house.reception, roster, News(after, action, now))
        return len(due)

    return house.store.transaction(ring)
