"""Format times and durations for staff."""

from datetime import datetime, timedelta

from bot.domain.city_calendar import CITY_ZONE

_HOUR, _DAY = 60, 24 * 60


def shown_at(moment: datetime) -> str:
    """Local time, as in 11/24 9:05."""
    local = moment.astimezone(CITY_ZONE)
    return f"{local.month}/{local.day} {local.hour}:{local.minute:02}"


def shown_at_year(moment: datetime) -> str:
    """Local time with the year, for printed documents."""
    return f"{moment.astimezone(CITY_ZONE).year}/{shown_at(moment)}"


def shown_span(span: timedelta) -> str:
    """A duration, rounded down: 5分, 2時間10分, 3日. Negative ones are 0分."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < _HOUR:
        return f"{minutes}分"
    if minutes < 2 * _DAY:
        return f"{minutes // _HOUR}時間{minutes % _HOUR}分"
    return f"{minutes // _DAY}日"


def shown_clock(minutes: int) -> str:
    """Minutes from midnight as HTML time inputs expect them: 07:30."""
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"
