"""Convert opening hours between the content's form, check boxes, and one line of text for a table."""

import re
from collections.abc import Mapping

from bot.content.yaml.yaml_form import Data
from bot.domain.opening_hours import HOLIDAY, WEEKDAYS, YEAR_END

BOXES = (*WEEKDAYS, HOLIDAY, YEAR_END)
MARKS = {
    "mon": "月", "tue": "火", "wed": "水", "thu": "木", "fri": "金", "sat": "土", "sun": "日", "holiday": "祝日",
    "year-end": "年末年始", "weekdays": "平日", "weekend": "土日", "every-day": "毎日",
}  # fmt: skip
GROUPS = {"every-day": BOXES, "weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}
_NAMES = {mark: name for name, mark in MARKS.items()}
_DATE = re.compile(r"^(\d{1,2})日$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_UNSURE = "不明"
_CLOSED = "休み"


class HoursTextError(ValueError):
    """A line of opening hours cannot be read; its argument is the unreadable part."""


def ticked(days: Data) -> frozenset[str]:
    """The days with groups expanded: `weekdays` is five boxes."""
    names = days if isinstance(days, list) else []
    return frozenset(day for name in names for day in GROUPS.get(str(name), (str(name),)))


def days_data(chosen: frozenset[str], before: Data = "") -> list[Data]:
    """Chosen days in the content's form; in their previous form if they are the same days."""
    if isinstance(before, list) and ticked(before) == chosen:
        return before
    left, names = set(chosen), []
    for group, days in GROUPS.items():
        if left >= set(days):
            names.append(group)
            left -= set(days)
    return [*names, *(day for day in BOXES if day in left), *sorted(left - set(BOXES))]


def hours_text(hours: Data) -> str:
    """`平日 9:00-12:00 13:00-17:00；土 10:00-16:00；不明 年末年始；2026-12-28 休み（工事）`."""
    if not isinstance(hours, dict):
        return ""
    parts = [f"{_days_text(row['days'])} {' '.join(map(str, row['times']))}" for row in _rows(hours, "periods")]
    if hours.get("unsure"):
        parts.append(f"{_UNSURE} {_days_text(hours['unsure'])}")
    for row in _rows(hours, "special"):
        reason = f"（{row['reason']}）" if row.get("reason") else ""
        parts.append(f"{row['day']} {' '.join(map(str, row['times'])) or _CLOSED}{reason}")
    return "；".join(parts)


def hours_from_text(text: str) -> dict[str, Data]:
    """Parse the form of `hours_text`. Raises HoursTextError."""
    periods: list[Data] = []
    special: list[Data] = []
    unsure: list[Data] = []
    for part in (piece.strip() for piece in re.split("[；;]", text)):
        first, _, rest = part.partition(" ")
        if not part:
            continue
        if first == _UNSURE:
            unsure += _days(rest, part)
        elif _DAY.match(first):
            special.append(_special(first, rest))
        else:
            periods.append({"days": _days(first, part), "times": list(rest.split())})
    return as_hours(periods, unsure, special)


def as_hours(periods: list[Data], unsure: list[Data], special: list[Data]) -> dict[str, Data]:
    """Leaves out empty parts."""
    named: dict[str, Data] = {"periods": periods, "unsure": unsure, "special": special}
    return {name: value for name, value in named.items() if value}


def _special(day: str, rest: str) -> Data:
    times, _, reason = rest.partition("（")
    closed = times.strip() == _CLOSED
    return {"day": day, "times": [] if closed else list(times.split()), "reason": reason.removesuffix("）")}


def _rows(hours: Mapping[str, Data], name: str) -> list[dict[str, Data]]:
    rows = hours.get(name, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _days_text(days: Data) -> str:
    names = days if isinstance(days, list) else []
    return "・".join(MARKS.get(str(name), re.sub(r"^day-(\d+)$", r"\1日", str(name))) for name in names)


def _days(text: str, part: str) -> list[Data]:
    names: list[Data] = []
    for mark in text.split("・"):
        date = _DATE.match(mark)
        if mark not in _NAMES and not date:
            raise HoursTextError(part)
        names.append(f"day-{date.group(1)}" if date else _NAMES[mark])
    return names
