"""How staff read times and spans."""

from datetime import datetime, timedelta

from bot.domain.city_calendar import CITY_ZONE

_HOUR, _DAY = 60, 24 * 60


def shown_at(moment: datetime) -> str:
    """A moment in the city's time: 11/24 9:05."""
    local = moment.astimezone(CITY_ZONE)
    return f"{local.month}/{local.day} {local.hour}:{local.minute:02}"


def shown_at_year(moment: datetime) -> str:
    """The same with its year, for what is kept on paper."""
    return f"{moment.astimezone(CITY_ZONE).year}/{shown_at(moment)}"


def shown_span(span: timedelta) -> str:
    """A span as people say it: 5分, 2時間10分, 3日."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < _HOUR:
        return f"{minutes}分"
    if minutes < 2 * _DAY:
        return f"{minutes // _HOUR}時間{minutes % _HOUR}分"
    return f"{minutes // _DAY}日"


def shown_clock(minutes: int) -> str:
    """Minutes from midnight as a clock shows them, and as a form takes them: 07:30."""
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"
