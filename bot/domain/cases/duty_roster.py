"""The duty list and the desk's hours with their special days, and the deadlines that follow from both."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.opening_hours import WEEKDAYS, Open, OpeningHours, SpecialDay, next_opening, open_at, times_of

_LONGEST_SILENCE = timedelta(days=1)
"""If no opening is known, an alarm comes after this time anyway."""


@dataclass(frozen=True)
class DutyPerson:
    """One row of the duty list. `weekdays`: names in `WEEKDAYS`; `absent_until`: the last day of absence."""

    staff: str
    weekdays: frozenset[str] = frozenset(WEEKDAYS)
    on_call: bool = False
    absent_until: date | None = None
    is_reached: bool = True
    """Whether the person can be notified: only then can they be on call."""

    def works_on(self, day: date) -> bool:
        away = self.absent_until is not None and day <= self.absent_until
        return not away and WEEKDAYS[day.weekday()] in self.weekdays


@dataclass(frozen=True)
class DutyRoster:
    """The duty list in its order, and the desk's hours. `special`: closures and special days."""

    hours: OpeningHours
    people: tuple[DutyPerson, ...] = ()
    special: Mapping[date, SpecialDay] = field(default_factory=lambda: MappingProxyType({}))

    def with_special_days(self) -> OpeningHours:
        return replace(self.hours, special=self.special)

    def is_open(self, now: datetime) -> bool:
        """Whether it is within duty hours."""
        return open_at(self.with_special_days(), now.astimezone(CITY_ZONE), is_holiday) is Open.YES

    def next_opening(self, now: datetime) -> datetime | None:
        """Start of the next duty hours; None if not known."""
        return next_opening(self.with_special_days(), now.astimezone(CITY_ZONE), is_holiday)

    def on_duty(self, now: datetime) -> tuple[str, ...]:
        """Staff to notify now, in order: in duty hours those who work today, otherwise those on call."""
        today = now.astimezone(CITY_ZONE).date()
        working = [person for person in self.people if person.works_on(today)]
        if self.is_open(now):
            return tuple(person.staff for person in working)
        return tuple(
            person.staff
            for person in self.people
            if person.on_call and person.is_reached and not _is_away(person, today)
        )

    def after_duty_time(self, now: datetime, span: timedelta) -> datetime:
        """When `span` of duty time will have passed, to the minute; a day from now if no hours are known."""
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
        """Duty time between two moments."""
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
        """When to notify again: after `wait` if somebody can be notified then, otherwise at the next opening."""
        at = now + wait
        if self.is_open(at) or (is_emergency and self.on_duty(at)):
            return at
        return self.next_opening(at) or at + _LONGEST_SILENCE


def closing_time(hours: OpeningHours, at: datetime) -> datetime:
    """End of the duty hours that include `at`. Raises ValueError outside duty hours."""
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
