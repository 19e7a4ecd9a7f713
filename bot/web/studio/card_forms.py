"""Convert a card to form fields, and a submitted form back to a card's values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.content.cards.card_kinds import CardKind, Field, Shape
from bot.content.cards.cards import Values
from bot.content.cards.differences import shown
from bot.content.read.hours_reader import BOXES, as_hours, days_data, ticked
from bot.content.yaml.yaml_form import Data

_SPARE_ROWS = 1
_MOST_ROWS = 12

Get = Callable[[str], str]
"""Reads a field of the submitted form; empty if missing."""


@dataclass(frozen=True)
class Box:
    """One form field. `hours`: a table of opening hours. `theirs`: a conflicting value saved by somebody else."""

    field: Field
    text: str
    hours: "HoursBoxes | None" = None
    theirs: str = ""


@dataclass(frozen=True)
class HoursRow:
    """One period: checked days, days of the month, times."""

    days: frozenset[str]
    dates: str
    times: str


@dataclass(frozen=True)
class HoursBoxes:
    """The table of opening hours, with empty rows to fill in."""

    rows: tuple[HoursRow, ...]
    unsure: frozenset[str]
    special: tuple[tuple[str, str, str], ...]


def boxes(kind: CardKind, values: Mapping[str, Data], theirs: Mapping[str, Data]) -> list[Box]:
    """The form fields of a card, in order."""
    return [
        Box(
            field,
            shown(values.get(field.name, "")) if field.shape is not Shape.HOURS else "",
            _hours_boxes(values.get(field.name, "")) if field.shape is Shape.HOURS else None,
            shown(theirs[field.name]) if field.name in theirs else "",
        )
        for field in kind.fields
    ]


def fields_of(kind: CardKind, get: Get, before: Mapping[str, Data], *, is_new: bool = False) -> Values:
    """The submitted values. `before`: the card's current values, for those stored in another form than shown."""
    return {
        field.name: _filled(field, get, before.get(field.name, ""))
        for field in kind.fields
        if (is_new if field.name in kind.named_by else field.shape is not Shape.SHOWN)
    }


def _filled(field: Field, get: Get, before: Data) -> Data:
    name = f"f-{field.name}"
    if field.shape is Shape.HOURS:
        return _hours(name, get, before)
    text = get(name).replace("\r\n", "\n").strip()
    if field.shape is Shape.LIST:
        return list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))
    return text if field.shape is Shape.TEXT else " ".join(text.split("\n"))


def _hours_boxes(hours: Data) -> HoursBoxes:
    rows = [HoursRow(ticked(row["days"]), _dates(row["days"]), _times(row)) for row in _rows(hours, "periods")]
    special = [(str(row["day"]), _times(row), str(row.get("reason", ""))) for row in _rows(hours, "special")]
    unsure = ticked(hours.get("unsure", [])) if isinstance(hours, dict) else frozenset()
    return HoursBoxes(
        (*rows, *[HoursRow(frozenset(), "", "")] * _SPARE_ROWS), unsure, (*special, *[("", "", "")] * _SPARE_ROWS)
    )


def _hours(name: str, get: Get, before: Data) -> Data:
    """The table as data; rows without times are dropped."""
    old = _rows(before, "periods")
    periods: list[Data] = []
    for position in range(_MOST_ROWS):
        times = get(f"{name}-{position}-times").replace("、", " ").split()
        days = frozenset(_ticked_boxes(f"{name}-{position}", get)) | _dates_typed(get(f"{name}-{position}-dates"))
        if times:
            was = old[position]["days"] if position < len(old) else ""
            periods.append({"days": days_data(days, was), "times": list(times)})
    unsure = frozenset(_ticked_boxes(f"{name}-unsure", get))
    was_unsure = before.get("unsure", []) if isinstance(before, dict) else []
    return as_hours(periods, days_data(unsure, was_unsure), list(_special(name, get)))


def _special(name: str, get: Get) -> Iterator[Data]:
    for position in range(_MOST_ROWS):
        day = get(f"{name}-special-{position}-day").strip()
        if day:
            times = get(f"{name}-special-{position}-times").replace("、", " ").split()
            yield {"day": day, "times": list(times), "reason": get(f"{name}-special-{position}-reason").strip()}


def _ticked_boxes(name: str, get: Get) -> Iterator[str]:
    return (day for day in BOXES if get(f"{name}-{day}"))


def _dates_typed(text: str) -> frozenset[str]:
    """`10 20` as the 10th and the 20th of each month."""
    return frozenset(f"day-{number}" for number in text.replace("、", " ").split() if number.isdecimal())


def _dates(days: Data) -> str:
    return " ".join(day.removeprefix("day-") for day in sorted(ticked(days)) if day.startswith("day-"))


def _times(row: Mapping[str, Data]) -> str:
    times = row.get("times", [])
    return " ".join(map(str, times))


def _rows(hours: Data, name: str) -> list[dict[str, Data]]:
    rows = hours.get(name, []) if isinstance(hours, dict) else []
    return [row for row in rows if isinstance(row, dict)]
