"""The clocks of a case: when somebody is told again, by when an owner answers, when the resident may be written to."""

from datetime import datetime, timedelta

from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Route

ALARM_WAITS = (timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15), timedelta(minutes=30))
"""From one alarm to the next: 5, 15 and 30 minutes after the case came, then every half hour."""
ANSWER_WITHIN = timedelta(minutes=30)
"""Duty time that an owner has for the next answer; an emergency's owner has a third of it, by the clock."""
REST_WITHIN = timedelta(days=3)
"""How long a case may rest with an owner who has answered everything."""
PAGE_OPENS_FOR = timedelta(hours=24)
"""How long a page for what should not be written on a platform can be opened."""
_DAY = 24 * 60


def next_alarm(urgency: Route, alarms: int, now: datetime, roster: DutyRoster) -> datetime:
    """When somebody is told again of a case that nobody has taken, after so many alarms."""
    wait = ALARM_WAITS[min(alarms, len(ALARM_WAITS) - 1)]
    return roster.first_alarm(now, wait, is_emergency=urgency is Route.EMERGENCY)


def answer_by(urgency: Route, now: datetime, roster: DutyRoster) -> datetime:
    """By when the owner of a case must have answered what waits."""
    if urgency is Route.EMERGENCY:
        return now + ANSWER_WITHIN / 3
    return roster.after_duty_time(now, ANSWER_WITHIN)


def rest_until(now: datetime) -> datetime:
    """How long a case in which nothing waits stays with its owner."""
    return now + REST_WITHIN


def may_write_at(quiet_from: int | None, quiet_until: int | None, now: datetime) -> datetime:
    """When the resident may be written to: now, or the end of the hours (minutes from midnight) kept quiet."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return now
    local = now.astimezone(CITY_ZONE)
    minute = local.hour * 60 + local.minute
    length, gone = (quiet_until - quiet_from) % _DAY, (minute - quiet_from) % _DAY
    if gone >= length:
        return now
    return local.replace(second=0, microsecond=0) + timedelta(minutes=length - gone)
