"""Open now: yes, no or not known; over lunch, midnight, holidays, year-end and the 10th."""

from datetime import datetime

import pytest

from bot.domain.catalog import Catalog
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.opening_hours import Open, next_opening, open_at
from bot.domain.understanding.understander import Understander


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


@pytest.fixture
def catalog(understander: Understander) -> Catalog:
    return understander.catalog


@pytest.mark.parametrize(
    ("line", "when", "expected"),
    [
        ("nat-inochi-free", "2026-11-24 15:59", Open.NO),
        ("nat-inochi-free", "2026-11-24 16:00", Open.YES),
        ("nat-inochi-free", "2026-11-24 21:00", Open.NO),
        ("nat-inochi-free", "2026-11-10 08:00", Open.YES),
        ("nat-inochi-free", "2026-11-11 07:59", Open.YES),
        ("nat-inochi-free", "2026-11-11 08:00", Open.NO),
        ("nat-hikikomori", "2026-11-24 12:29", Open.YES),
        ("nat-hikikomori", "2026-11-24 12:30", Open.NO),
        ("nat-hikikomori", "2026-11-24 13:00", Open.YES),
        ("nat-8000", "2026-11-24 18:59", Open.NO),
        ("nat-8000", "2026-11-25 07:59", Open.YES),
        ("ota-tarusapo", "2026-11-23 10:00", Open.NO),  # 勤労感謝の日
        ("ota-tarusapo", "2026-12-29 10:00", Open.NO),
        ("ota-tarusapo", "2026-12-28 10:00", Open.YES),
        ("ota-city", "2026-11-21 10:00", Open.NOT_KNOWN),  # Saturday: no source says
        ("nat-8008", "2026-11-24 10:00", Open.NOT_KNOWN),
        ("nat-yorisoi", "2027-01-01 03:00", Open.YES),
        ("nat-188", "2026-11-23 15:59", Open.YES),  # a holiday has hours of its own
        ("nat-188", "2026-11-23 16:30", Open.NO),
        ("nat-188", "2026-12-31 12:00", Open.NO),
        ("nat-188", "2027-01-01 12:00", Open.NO),  # a holiday too, but the year-end comes first
    ],
)
def test_open_now(catalog: Catalog, line: str, when: str, expected: Open) -> None:
    assert open_at(catalog.lines[line].hours, at(when), is_holiday) is expected


@pytest.mark.parametrize(
    ("line", "when", "expected"),
    [
        ("ota-tarusapo", "2026-11-24 08:00", "2026-11-24 09:00"),
        ("ota-tarusapo", "2026-11-24 09:00", "2026-11-25 09:00"),
        ("ota-tarusapo", "2026-11-20 18:00", "2026-11-24 09:00"),  # weekend and a Monday holiday
        ("ota-tarusapo", "2026-12-31 00:00", "2027-01-04 09:00"),
        ("nat-hikikomori", "2026-11-24 12:40", "2026-11-24 13:00"),
        ("nat-inochi-free", "2026-11-09 22:00", "2026-11-10 08:00"),
    ],
)
def test_next_opening(catalog: Catalog, line: str, when: str, expected: str) -> None:
    assert next_opening(catalog.lines[line].hours, at(when), is_holiday) == at(expected)


def test_nothing_known_has_no_next_opening(catalog: Catalog) -> None:
    assert next_opening(catalog.lines["nat-8008"].hours, at("2026-11-24 10:00"), is_holiday) is None
