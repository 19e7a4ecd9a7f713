"""The city's local time and Japan's holidays."""

from datetime import date
from zoneinfo import ZoneInfo

import holidays

CITY_ZONE = ZoneInfo("Asia/Tokyo")
_HOLIDAYS = holidays.country_holidays("JP")


def is_holiday(day: date) -> bool:
    """Whether it is a national holiday. Year-end is not one; `opening_hours` handles it."""
    return day in _HOLIDAYS
