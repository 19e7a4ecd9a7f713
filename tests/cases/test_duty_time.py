"""Duty time and clock time: leases, alarms, hours over lunch, midnight, weekends and holidays, whose day it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest

from bot.content.read.catalog_reader import read_catalog
from bot.domain.cases.case import (
    Arrived,
    Case,
    CaseWish,
    after_message,
    alarmed,
    answered,
    claimed,
    closed,
    handed_over,
    opened,
    put_back,
)
from bot.domain.cases.case_deadlines import answer_by, may_write_at, next_alarm, rest_until
from bot.domain.cases.case_transitions import CaseAction, Reason
from bot.domain.cases.duty_roster import DutyPerson, DutyRoster, closing_time
from bot.domain.cases.follow_up import agreed, asked
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.messages import Route
from bot.domain.opening_hours import WEEKDAYS, Open, OpeningHours, Period, SpecialDay, next_opening, open_at
from bot.domain.understanding.kinds import KindId
from bot.settings import SHIPPED_CONTENT

KINDS = read_catalog(SHIPPED_CONTENT)[0].kinds

MINUTE = timedelta(minutes=1)
WORKING = frozenset(WEEKDAYS[:5])
LUNCH = OpeningHours((Period(WORKING, 9 * 60, 12 * 60), Period(WORKING, 13 * 60, 17 * 60)))
NIGHT = OpeningHours((Period(WORKING, 22 * 60, 30 * 60),))
"""From 22:00 to 6:00, in the nights that begin on a working day."""
CLOSED_WEDNESDAY: Mapping[date, SpecialDay] = MappingProxyType({date(2026, 11, 25): SpecialDay((), "点検")})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def case(urgency: Route, when: str, roster: DutyRoster) -> Case:
    wish = CaseWish(KindId("suicide") if urgency is Route.EMERGENCY else KindId("person"), urgency)
    return opened("c", "123456", wish, Arrived(in_utc(when), "sato", ""), roster)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24 10:00", "2026-11-24 10:30"),
        ("2026-11-24 11:30", "2026-11-24 12:00"),
        ("2026-11-24 11:50", "2026-11-24 13:20"),  # over lunch
        ("2026-11-24 12:00", "2026-11-24 13:30"),
        ("2026-11-24 12:59", "2026-11-24 13:30"),
        ("2026-11-24 16:59", "2026-11-25 09:29"),  # over midnight
        ("2026-11-24 17:00", "2026-11-25 09:30"),
        ("2026-11-24 23:59", "2026-11-25 09:30"),
        ("2026-11-25 08:59", "2026-11-25 09:30"),
        ("2026-11-13 16:45", "2026-11-16 09:15"),  # over a weekend
        ("2026-11-20 16:45", "2026-11-24 09:15"),  # and a Monday that is a holiday
        ("2026-12-28 16:45", "2027-01-04 09:15"),  # and the end of the year
    ],
)
def test_an_owner_has_half_an_hour_of_duty_time(now: str, due: str) -> None:
    assert answer_by(Route.DESK, at(now), DutyRoster(LUNCH)) == at(due)
    assert answer_by(Route.DESK, in_utc(now), DutyRoster(LUNCH)) == at(due)


def test_a_day_that_is_not_as_usual_is_no_duty_time() -> None:
    roster = DutyRoster(LUNCH, special=CLOSED_WEDNESDAY)
    assert answer_by(Route.DESK, at("2026-11-24 16:45"), roster) == at("2026-11-26 09:15")
    assert roster.duty_time(at("2026-11-24 16:00"), at("2026-11-26 10:00")) == timedelta(hours=2)


@pytest.mark.parametrize("now", ["2026-11-24 11:55", "2026-11-24 23:55", "2026-11-22 03:00", "2026-12-31 23:55"])
def test_an_emergency_has_ten_minutes_by_the_clock(now: str) -> None:
    assert answer_by(Route.EMERGENCY, at(now), DutyRoster(LUNCH)) == at(now) + 10 * MINUTE


def test_where_nothing_waits_a_case_rests_three_days_by_the_clock() -> None:
    assert rest_until(at("2026-11-20 16:45")) == at("2026-11-23 16:45")


def test_without_any_hours_known_a_clock_still_comes() -> None:
    roster, now = DutyRoster(OpeningHours()), at("2026-11-24 10:00")
    assert answer_by(Route.DESK, now, roster) == now + timedelta(days=1)
    assert next_alarm(Route.DESK, 0, now, roster) == now + 5 * MINUTE + timedelta(days=1)
    assert next_alarm(Route.EMERGENCY, 0, now, roster) == now + 5 * MINUTE + timedelta(days=1)


def alarms(urgency: Route, when: str, roster: DutyRoster) -> list[datetime]:
    """The first six alarms of a case that nobody takes."""
    each, rung = case(urgency, when, roster), []
    for _ in range(6):
        assert each.alarm_at is not None
        rung.append(each.alarm_at)
        each = alarmed(each, each.alarm_at, roster)
    assert each.alarms == 6
    return rung


def test_alarms_ring_after_5_15_and_30_minutes_then_every_half_hour_and_not_over_lunch() -> None:
    times = ["10:05", "10:15", "10:30", "11:00", "11:30", "13:00"]
    rung = alarms(Route.DESK, "2026-11-24 10:00", DutyRoster(LUNCH))
    assert rung == [at(f"2026-11-24 {each}") for each in times]


def test_an_emergency_rings_through_the_night_where_somebody_is_on_call() -> None:
    on_call = DutyPerson("a", on_call=True)
    rung = alarms(Route.EMERGENCY, "2026-12-31 23:50", DutyRoster(LUNCH, (on_call,)))
    assert rung == [at("2026-12-31 23:50") + minutes * MINUTE for minutes in (5, 15, 30, 60, 90, 120)]


@pytest.mark.parametrize(
    "nobody",
    [
        (),
        (DutyPerson("a"),),
        (DutyPerson("a", on_call=True, is_reached=False),),
        (DutyPerson("a", on_call=True, absent_until=date(2026, 11, 25)),),
    ],
)
def test_where_nobody_can_be_told_it_rings_when_the_desk_opens(nobody: tuple[DutyPerson, ...]) -> None:
    roster = DutyRoster(LUNCH, nobody)
    assert next_alarm(Route.EMERGENCY, 0, at("2026-11-24 17:30"), roster) == at("2026-11-25 09:00")
    assert next_alarm(Route.EMERGENCY, 0, at("2026-11-24 16:55"), roster) == at("2026-11-25 09:00")
    assert next_alarm(Route.EMERGENCY, 0, at("2026-11-24 16:54"), roster) == at("2026-11-24 16:59")


def test_what_is_no_emergency_wakes_nobody() -> None:
    roster = DutyRoster(LUNCH, (DutyPerson("a", on_call=True),))
    assert next_alarm(Route.DESK, 3, at("2026-11-20 20:00"), roster) == at("2026-11-24 09:00")


def test_the_clocks_of_a_case_in_somebodys_hands() -> None:
    roster, friday = DutyRoster(LUNCH), at("2026-11-20 16:45")
    mine = claimed(case(Route.DESK, "2026-11-20 16:44", roster), "a", friday, roster)
    assert (mine.lease_until, mine.alarm_at, mine.alarms) == (at("2026-11-24 09:15"), None, 0)
    resting = answered(mine, friday)
    assert resting.lease_until == friday + timedelta(days=3)
    action, again = after_message(resting, None, friday, roster, KINDS)
    assert (action, again.lease_until) == (CaseAction.ADD, friday + timedelta(days=3)), "never later than it was"
    noon = at("2026-11-24 10:00")
    assert after_message(answered(mine, noon), None, noon, roster, KINDS)[1].lease_until == noon + 30 * MINUTE
    assert answered(mine, friday, unread_since=friday).lease_until == mine.lease_until, "what was not seen waits on"
    assert handed_over(resting, "b", noon, roster).lease_until == noon + 30 * MINUTE
    danger = CaseWish(KindId("suicide"), Route.EMERGENCY)
    assert after_message(mine, danger, friday, roster, KINDS)[1].lease_until == friday + 10 * MINUTE
    back = put_back(replace(mine, alarms=4), CaseAction.LAPSE, noon, roster)
    assert (back.alarm_at, back.alarms, back.lease_until, back.owner) == (noon + 5 * MINUTE, 0, None, "")


def test_danger_lasts_an_hour() -> None:
    cry = case(Route.EMERGENCY, "2026-11-24 10:00", DutyRoster(LUNCH))
    assert cry.is_danger_at(at("2026-11-24 11:00"))
    assert not cry.is_danger_at(at("2026-11-24 11:00:01"))
    assert not case(Route.DESK, "2026-11-24 10:00", DutyRoster(LUNCH)).is_danger_at(at("2026-11-24 10:00"))


def test_who_agreed_is_asked_in_duty_hours_and_outside_the_quiet_ones() -> None:
    roster = DutyRoster(LUNCH)
    ended = closed(case(Route.DESK, "2026-11-20 10:00", roster), Reason.DONE, at("2026-11-20 10:00"))
    first = agreed(ended, at("2026-11-20 11:00"), roster)
    assert first.ask_at == at("2026-11-24 09:00"), "three days later is a holiday"
    assert asked(first, at("2026-11-24 09:00"), roster).ask_at == at("2026-12-04 10:00")
    quiet = replace(ended, quiet_from=8 * 60, quiet_until=11 * 60)
    assert agreed(quiet, at("2026-11-20 11:00"), roster).ask_at == at("2026-11-24 11:00")


@pytest.mark.parametrize(
    ("hours", "when", "expected"),
    [
        (LUNCH, "2026-11-24 08:59:59", Open.NO),
        (LUNCH, "2026-11-24 09:00:00", Open.YES),
        (LUNCH, "2026-11-24 11:59:59", Open.YES),
        (LUNCH, "2026-11-24 12:00:00", Open.NO),
        (LUNCH, "2026-11-24 12:59:59", Open.NO),
        (LUNCH, "2026-11-24 13:00:00", Open.YES),
        (LUNCH, "2026-11-24 16:59:59", Open.YES),
        (LUNCH, "2026-11-24 17:00:00", Open.NO),
        (NIGHT, "2026-11-24 05:59:59", Open.NO),  # the night of a holiday
        (NIGHT, "2026-11-24 21:59:59", Open.NO),
        (NIGHT, "2026-11-24 22:00:00", Open.YES),
        (NIGHT, "2026-11-24 23:59:59", Open.YES),
        (NIGHT, "2026-11-25 00:00:00", Open.YES),
        (NIGHT, "2026-11-25 05:59:59", Open.YES),
        (NIGHT, "2026-11-25 06:00:00", Open.NO),
        (NIGHT, "2026-11-28 03:00:00", Open.YES),  # Friday's night
        (NIGHT, "2026-11-28 22:00:00", Open.NO),
        (NIGHT, "2026-12-29 03:00:00", Open.YES),  # the last night of the year with hours
        (NIGHT, "2026-12-29 22:00:00", Open.NO),
    ],
)
def test_the_edges_of_the_hours(hours: OpeningHours, when: str, expected: Open) -> None:
    assert open_at(hours, at(when), is_holiday) is expected


def test_a_night_goes_on_into_a_day_that_is_closed() -> None:
    hours = replace(NIGHT, special=CLOSED_WEDNESDAY)
    assert open_at(hours, at("2026-11-25 05:59"), is_holiday) is Open.YES
    assert open_at(hours, at("2026-11-25 22:00"), is_holiday) is Open.NO
    assert open_at(hours, at("2026-11-26 05:59"), is_holiday) is Open.NO


@pytest.mark.parametrize("when", ["2026-11-24 22:00", "2026-11-24 23:59", "2026-11-25 00:00", "2026-11-25 05:59"])
def test_a_night_ends_in_the_morning(when: str) -> None:
    assert closing_time(NIGHT, at(when)) == at("2026-11-25 06:00")


def test_duty_time_of_a_night() -> None:
    roster = DutyRoster(NIGHT)
    assert roster.after_duty_time(at("2026-11-24 23:50"), 30 * MINUTE) == at("2026-11-25 00:20")
    assert roster.after_duty_time(at("2026-11-25 05:50"), 30 * MINUTE) == at("2026-11-25 22:20")
    assert roster.after_duty_time(at("2026-11-28 05:50"), 30 * MINUTE) == at("2026-11-30 22:20")
    assert roster.duty_time(at("2026-11-24 12:00"), at("2026-11-25 12:00")) == timedelta(hours=8)


def test_the_next_opening_is_after_now() -> None:
    def following(when: str) -> datetime | None:
        return next_opening(LUNCH, at(when), is_holiday)

    assert following("2026-11-24 08:59:59") == at("2026-11-24 09:00")
    assert following("2026-11-24 09:00") == at("2026-11-24 13:00")
    assert following("2026-11-24 16:59") == at("2026-11-25 09:00")
    assert following("2026-12-28 17:00") == at("2027-01-04 09:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24 21:59:59", "2026-11-24 21:59:59"),
        ("2026-11-24 22:00:00", "2026-11-25 07:00:00"),
        ("2026-11-24 23:59:59", "2026-11-25 07:00:00"),
        ("2026-11-25 00:00:00", "2026-11-25 07:00:00"),
        ("2026-11-25 06:59:59", "2026-11-25 07:00:00"),
        ("2026-11-25 07:00:00", "2026-11-25 07:00:00"),
        ("2026-12-31 23:00:00", "2027-01-01 07:00:00"),
    ],
)
def test_quiet_hours_over_midnight(now: str, expected: str) -> None:
    assert may_write_at(22 * 60, 7 * 60, in_utc(now)) == at(expected)
    assert may_write_at(None, 7 * 60, at(now)) == may_write_at(0, 0, at(now)) == at(now)


def test_whose_day_it_is_is_asked_in_the_city() -> None:
    """From midnight to nine in the city it is still yesterday in UTC."""
    always = OpeningHours((Period(frozenset((*WEEKDAYS, "holiday", "year-end")), 0, 24 * 60),))
    monday, tuesday = (DutyPerson(day, frozenset({day})) for day in ("mon", "tue"))
    roster = DutyRoster(always, (monday, tuesday))
    for when, who in (("2026-11-24 00:00", "tue"), ("2026-11-24 08:59", "tue"), ("2026-11-23 23:59", "mon")):
        assert roster.on_duty(in_utc(when)) == (who,)
    away = DutyRoster(LUNCH, (DutyPerson("a", on_call=True, absent_until=date(2026, 11, 24)),))
    assert away.on_duty(in_utc("2026-11-24 23:59")) == ()
    assert away.on_duty(in_utc("2026-11-25 00:00")) == ("a",)
    for hour, is_open in (("08:59", False), ("09:00", True), ("16:59", True), ("17:00", False), ("18:30", False)):
        assert DutyRoster(LUNCH).is_open(in_utc(f"2026-11-24 {hour}")) == is_open
    open_again = DutyRoster(LUNCH, special=CLOSED_WEDNESDAY)
    assert open_again.next_opening(in_utc("2026-11-25 00:30")) == at("2026-11-26 09:00")
    assert answer_by(Route.DESK, in_utc("2026-11-24 08:00"), open_again) == at("2026-11-24 09:30")
    assert may_write_at(22 * 60, 7 * 60, in_utc("2026-11-25 00:30")) == at("2026-11-25 07:00")


def in_utc(text: str) -> datetime:
    """A moment of the city, as it is stored."""
    return at(text).astimezone(tz=UTC)


def test_who_is_away_is_not_on_duty_in_hours_either() -> None:
    people = (DutyPerson("a", absent_until=date(2026, 11, 24)), DutyPerson("b", WORKING - {"wed"}), DutyPerson("c"))
    roster = DutyRoster(LUNCH, people)
    assert roster.on_duty(at("2026-11-24 10:00")) == ("b", "c")
    assert roster.on_duty(at("2026-11-25 10:00")) == ("a", "c")
    assert roster.on_duty(at("2026-11-25 12:30")) == (), "over lunch only who is on call"
