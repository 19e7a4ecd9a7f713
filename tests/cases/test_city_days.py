"""A day and a month are the city's: what comes between midnight and nine is yesterday in UTC, and today here."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.cases.monthly_report import Month, MonthlyReport
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.shown_times import shown_at_year
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.build_report import build_report
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim
from bot.handlers.staff.duty_settings import save_duty_people
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.count_rows import read_counts
from tests.conftest import Resident
from tests.support.manual_clock import ManualClock
from tests.support.staff.desk_staff import make_staff

MakeResident = Callable[..., Resident]
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """A moment of the city, as the clock and the database have it."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE).astimezone(UTC)


DECEMBER = at("2026-12-01 00:00")


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        ("2026-11-30 23:59:59", date(2026, 11, 30)),
        ("2026-12-01 00:00:00", date(2026, 12, 1)),
        ("2026-12-01 08:59:59", date(2026, 12, 1)),
        ("2026-12-01 09:00:00", date(2026, 12, 1)),
        ("2027-01-01 00:00:00", date(2027, 1, 1)),
    ],
)
def test_a_message_is_counted_on_the_day_of_the_city(
    context: AppContext, make_resident: MakeResident, hour: str, day: date
) -> None:
    moment = at(hour)
    make_resident("sato", moment).says("雪かきができない", after=timedelta())
    with context.store.reading() as connection:
        assert read_counts(connection, day, day) == Counter({("web", "answer"): 1})
        assert read_counts(connection, day + timedelta(days=1), date.max) == Counter()
        assert read_counts(connection, date.min, day - timedelta(days=1)) == Counter()


def test_a_case_is_of_the_month_in_which_it_came(context: AppContext, make_resident: MakeResident) -> None:
    context = replace(context, clock=ManualClock(DECEMBER))
    chief, _ = make_staff(context, "chief", Role.ADMIN)
    for number in range(5):
        make_resident(f"before{number}", DECEMBER - SECOND).says("人と話したい", after=timedelta())
    for number in range(6):
        make_resident(f"after{number}", DECEMBER).says("人と話したい", after=timedelta())

    def report(year: int, month: int) -> MonthlyReport:
        return build_report(context, chief, Month(year, month))

    def shown(found: MonthlyReport, name: str) -> dict[str, str]:
        (table,) = [each for each in found.tables if each.name == name]
        return {label: cell for label, cell in table.rows if cell != "0"} | {"total": table.total}

    assert shown(report(2026, 11), "kind") == {"person": "5", "total": "5"}
    assert shown(report(2026, 11), "hours") == {"21": "5", "total": "5"}
    assert shown(report(2026, 11), "messages") == {"desk": "5", "total": "5"}
    assert shown(report(2026, 12), "kind") == {"person": "6", "total": "6"}
    assert shown(report(2026, 12), "hours") == {"0": "6", "total": "6"}
    assert shown(report(2026, 12), "messages") == {"desk": "6", "total": "6"}
    assert [shown(report(*month), "kind")["total"] for month in ((2026, 10), (2027, 1), (2025, 12))] == ["0"] * 3


def test_an_answer_is_measured_in_duty_time(context_sqlite: AppContext) -> None:
    """Written on Friday ten minutes before the end, answered on Tuesday, after a holiday, ten minutes after nine."""
    friday = at("2026-11-20 16:50")
    clock = ManualClock(friday)
    context = replace(context_sqlite, clock=clock)
    chief, _ = make_staff(context, "chief", Role.ADMIN)
    events = iter(range(100))
    for number in range(6):
        Resident(context_sqlite, f"r{number}", friday, events).says("人と話したい", after=timedelta())
    with context.store.reading() as connection:
        cases = list_cases(connection, open_only=True)
    clock.now = at("2026-11-24 09:10")
    for case in cases:
        claim(context, chief, case.id)
        answer(context, chief, case.id, StaffAnswer("読みました"))
    report = build_report(context, chief, Month(2026, 11))
    (table,) = [each for each in report.tables if each.name == "answered"]
    assert {label: cell for label, cell in table.rows if cell != "0"} == {"30": "6"}
    assert report.first_answer == 20


@pytest.mark.parametrize(
    ("now", "promise"),
    [
        ("2026-11-24 09:00", "きょう 11:00"),
        ("2026-11-24 14:59", "きょう 16:59"),
        ("2026-11-24 16:59", "あす 10:59"),
        ("2026-11-20 16:59", "11月24日(火) 10:59"),
        ("2026-12-28 16:30", "1月4日(月) 10:30"),
    ],
)
def test_a_promise_is_made_of_duty_time(context_sqlite: AppContext, now: str, promise: str) -> None:
    moment = at(now)
    context = replace(context_sqlite, clock=ManualClock(moment))
    chief, _ = make_staff(context, "chief", Role.ADMIN)
    save_duty_people(context, chief, [DutyPerson(chief.id)])
    said = Resident(context_sqlite, "sato", moment, iter(range(9))).says("人と話したい", after=timedelta()).text
    assert f"職員は{promise}ごろまでに読みます" in said


def test_a_printed_year_is_the_citys() -> None:
    assert shown_at_year(datetime(2026, 12, 31, 16, tzinfo=UTC)) == "2027/1/1 1:00"
    assert shown_at_year(datetime(2026, 12, 31, 14, 59, tzinfo=UTC)) == "2026/12/31 23:59"
