"""Who looks after cases when: the duty list, the hours with their special days, the clocks that follow from both."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.opening_hours import WEEKDAYS, Open, OpeningHours, SpecialDay, next_opening, open_at, times_of

_LONGEST_SILENCE = timedelta(days=1)
"""Where no opening is known, an alarm comes after this time all the same."""


@dataclass(frozen=True)
class DutyPerson:
    """One line of the duty list. `weekdays`: names of `WEEKDAYS`; `absent_until` is the last day away."""

    staff: str
    weekdays: frozenset[str] = frozenset(WEEKDAYS)
    on_call: bool = False
    absent_until: date | None = None
    is_reached: bool = True
    """Whether there is a way to tell the person: only then are they on call."""

    def is_there(self, day: date) -> bool:
        """Whether the person works on that day."""
        away = self.absent_until is not None and day <= self.absent_until
        return not away and WEEKDAYS[day.weekday()] in self.weekdays


@dataclass(frozen=True)
class DutyRoster:
    """The duty list in its order, and the hours of the desk with closures and special days put in."""

    hours: OpeningHours
    people: tuple[DutyPerson, ...] = ()
    special: Mapping[date, SpecialDay] = field(default_factory=lambda: MappingProxyType({}))

    def with_special_days(self) -> OpeningHours:
        """The hours as they are this year."""
        return replace(self.hours, special=self.special)

    def is_open(self, now: datetime) -> bool:
        """Whether the desk has duty hours."""
        return open_at(self.with_special_days(), now.astimezone(CITY_ZONE), is_holiday) is Open.YES

    def next_opening(self, now: datetime) -> datetime | None:
        """When duty hours begin next; None where nobody knows."""
        return next_opening(self.with_special_days(), now.astimezone(CITY_ZONE), is_holiday)

    def on_duty(self, now: datetime) -> tuple[str, ...]:
        """Who is to be told now, in order: in hours who works today, out of hours who is on call."""
        today = now.astimezone(CITY_ZONE).date()
        there = [each for each in self.people if each.is_there(today)]
        if self.is_open(now):
            return tuple(each.staff for each in there)
        return tuple(
            each.staff for each in self.people if each.on_call and each.is_reached and not _is_away(each, today)
        )

    def after_duty_time(self, now: datetime, span: timedelta) -> datetime:
        """The moment at which so much duty time will have gone by, to the minute; a day later where no hours are."""
        hours, left, at = self.with_special_days(), span, now
        while left > timedelta():
            if not self.is_open(at):
                following = self.next_opening(at)
                if following is None:
                    return now + _LONGEST_SILENCE
                at = following
            until = closing_time(hours, at)
            step = min(left, until - at)
            at, left = at + step, left - step
        return at

    def duty_time(self, start: datetime, end: datetime) -> timedelta:
        """How much duty time lies between two moments."""
        hours, spent, at = self.with_special_days(), timedelta(), start
        while at < end:
            if not self.is_open(at):
                following = self.next_opening(at)
                if following is None:
                    break
                at = following
                continue
            until = min(closing_time(hours, at), end)
            spent, at = spent + (until - at), until
        return spent

    def first_alarm(self, now: datetime, wait: timedelta, *, is_emergency: bool) -> datetime:
        """When to tell somebody again: after `wait` where somebody can be told then, else when the desk opens next."""
        at = now + wait
        if self.is_open(at) or (is_emergency and self.on_duty(at)):
            return at
        return self.next_opening(at) or at + _LONGEST_SILENCE


def closing_time(hours: OpeningHours, at: datetime) -> datetime:
    """When the duty hours that run at `at` end."""
    local = at.astimezone(CITY_ZONE)
    for day in (local.date(), local.date() - timedelta(days=1)):
        midnight = datetime.combine(day, time(), tzinfo=CITY_ZONE)
        for start, end in times_of(hours, day, is_holiday):
            if midnight + timedelta(minutes=start) <= local < midnight + timedelta(minutes=end):
                return midnight + timedelta(minutes=end)
    message = "asked for the end of hours that do not run"
    raise ValueError(message)


def _is_away(person: DutyPerson, day: date) -> bool:
    return person.absent_until is not None and day <= person.absent_until
