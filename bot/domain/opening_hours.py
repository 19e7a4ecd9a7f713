"""Opening hours of a desk or a phone line: several periods a day, weekdays, holidays, year-end; may be unknown.

All times are local to the city; callers pass aware datetimes in Asia/Tokyo.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
YEAR_END = "year-end"
DAY_NAMES = frozenset((*WEEKDAYS, HOLIDAY, YEAR_END, *(f"day-{number}" for number in range(1, 32))))
_MINUTES_A_DAY = 24 * 60

IsHoliday = Callable[[date], bool]


class Open(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not-known"


@dataclass(frozen=True)
class Period:
    """Minutes from midnight; `end` may be after 24:00, on the next day. `days`: some of `DAY_NAMES`."""

    days: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True)
class SpecialDay:
    """Exception for one day. `times`: (start, end) in minutes from midnight; empty if closed."""

    times: tuple[tuple[int, int], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class OpeningHours:
    """`periods` as published; without any, nothing is known. On `unsure` days the source says nothing."""

    periods: tuple[Period, ...] = ()
    unsure: frozenset[str] = frozenset()
    special: Mapping[date, SpecialDay] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def always(self) -> bool:
        """Whether it is open 24 hours, every day."""
        return any(p.start == 0 and p.end == _MINUTES_A_DAY and p.days >= _EVERY_DAY for p in self.periods)


_EVERY_DAY = frozenset((*WEEKDAYS, HOLIDAY, YEAR_END))


def day_names(day: date, is_holiday: IsHoliday) -> frozenset[str]:
    """Names in `DAY_NAMES` that apply to a day: one of year-end, holiday or weekday, in this order; and its number."""
    number = f"day-{day.day}"
    if (day.month, day.day) in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}:
        return frozenset((YEAR_END, number))
    if is_holiday(day):
        return frozenset((HOLIDAY, number))
    return frozenset((WEEKDAYS[day.weekday()], number))


def open_at(hours: OpeningHours, when: datetime, is_holiday: IsHoliday) -> Open:
    if not hours.periods:
        return Open.NOT_KNOWN
    minute = when.hour * 60 + when.minute
    today, yesterday = when.date(), when.date() - timedelta(days=1)
    if _covers(hours, today, minute, is_holiday) or _covers(hours, yesterday, minute + _MINUTES_A_DAY, is_holiday):
        return Open.YES
    return Open.NOT_KNOWN if day_names(today, is_holiday) & hours.unsure else Open.NO


def next_opening(hours: OpeningHours, when: datetime, is_holiday: IsHoliday, within_days: int = 15) -> datetime | None:
    """First opening after `when`; None if it is not known."""
    starts = (
        datetime.combine(day, time(), tzinfo=when.tzinfo) + timedelta(minutes=start)
        for day in (when.date() + timedelta(days=ahead) for ahead in range(within_days))
        for start, _ in sorted(times_of(hours, day, is_holiday))
    )
    return next((start for start in starts if start > when), None)


def times_of(hours: OpeningHours, day: date, is_holiday: IsHoliday) -> tuple[tuple[int, int], ...]:
    """Opening periods of a day, in minutes from its midnight."""
    if day in hours.special:
        return hours.special[day].times
    names = day_names(day, is_holiday)
    return tuple((period.start, period.end) for period in hours.periods if period.days & names)


def _covers(hours: OpeningHours, day: date, minute: int, is_holiday: IsHoliday) -> bool:
    return any(start <= minute < end for start, end in times_of(hours, day, is_holiday))
