"""Midnight on 31 December: with nobody on duty a resident knows the first open day; who is on call is told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from bot.domain.cases.case import shown_number
from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.messages import Reply, Route
from bot.domain.opening_hours import WEEKDAYS, Open, OpeningHours, Period, SpecialDay, open_at
from bot.domain.staff.permissions import Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.cases.desk_views import read_queue
from bot.handlers.staff.duty_settings import save_duty_people, save_special_day
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import read_notices
from tests.conftest import Resident
from tests.support.manual_clock import ManualClock
from tests.support.staff.desk_staff import make_staff

NEW_YEAR = datetime(2026, 12, 31, 0, 0, 30, tzinfo=CITY_ZONE)
FIRST_OPEN_DAY = datetime(2027, 1, 4, 9, 0, tzinfo=CITY_ZONE)


@dataclass
class Night:
    """The context on that night, and an admin who keeps its duty list."""

    context: AppContext
    admin: Staff
    clock: ManualClock


@pytest.fixture
def night(context: AppContext) -> Night:
    clock = ManualClock(NEW_YEAR)
    context = replace(context, staff_channels=frozenset({"mail"}), clock=clock)
    return Night(context, make_staff(context, "chief", Role.ADMIN)[0], clock)


@pytest.fixture
def sato(night: Night, make_resident: Callable[..., Resident]) -> Resident:
    resident = make_resident("sato", NEW_YEAR)
    resident.context = night.context
    return resident


def open_now(night: Night, reply: Reply) -> list[str]:
    """The numbers in the reply at which somebody answers at that moment."""
    lines = night.context.content.catalog.lines.values()
    local = night.clock().astimezone(CITY_ZONE)
    answering = {line.phone for line in lines if open_at(line.hours, local, is_holiday) is Open.YES}
    return [call.phone for call in reply.calls if call.phone in answering]


def number(night: Night) -> str:
    with night.context.store.reading() as connection:
        return shown_number(list_cases(connection, open_only=True)[0].number)


@pytest.mark.parametrize("words", ["もう死にたい", "人と話したい。だれもいない", "お金がなくて食べるものがない"])
def test_with_nobody_on_duty_there_is_a_number_the_first_open_day_and_lines_open_now(
    night: Night, sato: Resident, words: str
) -> None:
    reply = sato.says(words)
    assert reply.route in {Route.EMERGENCY, Route.DESK}
    assert number(night) in reply.text
    assert "職員が読むのは1月4日(月) 9:00ごろです" in reply.text
    assert "このボットは助けを呼べません" in reply.text
    assert len(open_now(night, reply)) >= 2
    assert "までに読みます" not in reply.text
    with night.context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    assert case.alarm_at == FIRST_OPEN_DAY, "nobody can be told before"
    queue = read_queue(night.context)
    assert (queue.on_duty, queue.next_opening) == ((), FIRST_OPEN_DAY)


def test_who_is_on_call_is_told_and_the_alarm_climbs_through_the_night(night: Night, sato: Resident) -> None:
    first, _ = make_staff(night.context, "a", mail="a@city.example")
    second, _ = make_staff(night.context, "b", mail="b@city.example")
    people = [DutyPerson(each.id, frozenset(WEEKDAYS), on_call=True) for each in (first, second)]
    save_duty_people(night.context, night.admin, people)
    reply = sato.says("もう死にたい")
    assert "夜間当番の職員に知らせます" in reply.text
    assert told(night) == ["a"]
    for minutes, names in ((5, ["a", "a", "b"]), (15, ["a", "a", "a", "b", "b"]), (30, ["a"] * 4 + ["b"] * 3)):
        night.clock.now = NEW_YEAR + timedelta(minutes=minutes, seconds=10)
        assert run_case_timers(night.context) == 1
        assert told(night) == names


def test_what_is_no_emergency_waits_for_the_first_open_day_though_somebody_is_on_call(
    night: Night, sato: Resident
) -> None:
    on_call, _ = make_staff(night.context, "a", mail="a@city.example")
    save_duty_people(night.context, night.admin, [DutyPerson(on_call.id, frozenset(WEEKDAYS), on_call=True)])
    assert "1月4日(月) 9:00ごろ" in sato.says("人と話したい").text
    night.clock.now = NEW_YEAR + timedelta(hours=20)
    assert run_case_timers(night.context) == 0
    night.clock.now = FIRST_OPEN_DAY
    assert run_case_timers(night.context) == 1


def test_who_is_away_is_not_told(night: Night, sato: Resident) -> None:
    away, _ = make_staff(night.context, "a", mail="a@city.example")
    days = frozenset(WEEKDAYS)
    save_duty_people(
        night.context, night.admin, [DutyPerson(away.id, days, on_call=True, absent_until=date(2027, 1, 3))]
    )
    assert "1月4日(月) 9:00ごろ" in sato.says("もう死にたい").text
    assert told(night) == []


def test_a_closure_with_a_reason_and_a_special_day_move_the_promise(night: Night, sato: Resident) -> None:
    save_special_day(night.context, night.admin, date(2027, 1, 4), SpecialDay((), "システムの入れ替え"))
    save_special_day(night.context, night.admin, date(2027, 1, 5), SpecialDay(((13 * 60, 15 * 60),), "午後だけ"))
    assert "1月5日(火) 13:00ごろ" in sato.says("人と話したい").text


def test_duty_time_leaves_out_lunch_nights_and_holidays() -> None:
    roster = DutyRoster(lunch_hours())
    start = datetime(2026, 12, 28, 11, 30, tzinfo=CITY_ZONE)
    assert roster.after_duty_time(start, timedelta(hours=1)) == datetime(2026, 12, 28, 13, 30, tzinfo=CITY_ZONE)
    assert roster.after_duty_time(start, timedelta(hours=5)) == datetime(2027, 1, 4, 9, 30, tzinfo=CITY_ZONE)
    assert roster.duty_time(start, datetime(2027, 1, 4, 10, 0, tzinfo=CITY_ZONE)) == timedelta(hours=5, minutes=30)


def lunch_hours() -> OpeningHours:
    """Weekdays from 9 to 12 and from 13 to 17."""
    days = frozenset(WEEKDAYS[:5])
    return OpeningHours((Period(days, 9 * 60, 12 * 60), Period(days, 13 * 60, 17 * 60)))


def told(night: Night) -> list[str]:
    """Who was told, once for each letter."""
    with night.context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
        notices = read_notices(connection, case.id)
    return sorted(recipient.removeprefix("mail:").split("@")[0] for recipient, *_ in notices)
