"""Deadlines of a case: the next alarm, the owner's next answer, the end of the resident's quiet hours."""

from datetime import datetime, timedelta

from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Route

ALARM_WAITS = (timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15), timedelta(minutes=30))
"""Time to the next alarm: alarms come 5, 15 and 30 minutes after the case was opened, then every half hour."""
ANSWER_WITHIN = timedelta(minutes=30)
"""Duty time for the owner's next answer; in an emergency a third of it, at any hour."""
REST_WITHIN = timedelta(days=3)
"""How long a case with nothing unanswered stays with its owner."""
PAGE_OPENS_FOR = timedelta(hours=24)
"""How long the link to a page for private details is valid."""
_DAY = 24 * 60


def next_alarm(urgency: Route, alarms: int, now: datetime, roster: DutyRoster) -> datetime:
    """Time of the next alarm of a waiting case. `alarms`: number of alarms so far."""
    wait = ALARM_WAITS[min(alarms, len(ALARM_WAITS) - 1)]
    return roster.first_alarm(now, wait, is_emergency=urgency is Route.EMERGENCY)


def answer_by(urgency: Route, now: datetime, roster: DutyRoster) -> datetime:
    """Deadline for the owner's next answer."""
    if urgency is Route.EMERGENCY:
        return now + ANSWER_WITHIN / 3
    return roster.after_duty_time(now, ANSWER_WITHIN)


def rest_until(now: datetime) -> datetime:
    return now + REST_WITHIN


def may_write_at(quiet_from: int | None, quiet_until: int | None, now: datetime) -> datetime:
    """When the resident may be written to: now, or at the end of the quiet hours (minutes from midnight)."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return now
    local = now.astimezone(CITY_ZONE)
    minute = local.hour * 60 + local.minute
    length, elapsed = (quiet_until - quiet_from) % _DAY, (minute - quiet_from) % _DAY
    if elapsed >= length:
        return now
    return local.replace(second=0, microsecond=0) + timedelta(minutes=length - elapsed)
