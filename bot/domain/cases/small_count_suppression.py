"""Mask small numbers: one to four cases of a kind in a month may reveal to a neighbour who it was. Pure.

A masked cell could be computed from the total and the other cells. So other cells are masked too until at least two
values are possible for each; if that cannot be reached, the whole group is shown in bands and without its total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SMALL = 5
FEW, SOME, NONE_SHOWN = "1〜4", "5以上", "－"


@dataclass(frozen=True)
class ShownCount:
    """Tables of the same cases with small counts masked, and their total."""

    tables: Mapping[str, tuple[str, ...]]
    total: str


def suppressed(count: int) -> str:
    """A single number, masked if it is small."""
    return FEW if 0 < count < SMALL else str(count)


def protected(tables: Mapping[str, Sequence[int]]) -> ShownCount:
    """Mask tables of the same cases: the cells of each add up to the same total."""
    total = max((sum(cells) for cells in tables.values()), default=0)
    hidden = {name: _hidden(cells) for name, cells in tables.items()}
    if any(places is None for places in hidden.values()):
        return ShownCount(
            MappingProxyType({name: tuple(map(_band, cells)) for name, cells in tables.items()}), NONE_SHOWN
        )
    shown = {
        name: tuple(_band(cell) if place in (hidden[name] or ()) else str(cell) for place, cell in enumerate(cells))
        for name, cells in tables.items()
    }
    return ShownCount(MappingProxyType(shown), str(total))


def _hidden(cells: Sequence[int]) -> frozenset[int] | None:
    """The places to mask; None if masking some of them protects none."""
    hidden = {place for place, cell in enumerate(cells) if 0 < cell < SMALL}
    rest = sorted((place for place, cell in enumerate(cells) if cell >= SMALL), key=lambda place: cells[place])
    while hidden and not _is_open([cells[place] for place in hidden], cells[rest[0]] if rest else None):
        if not rest:
            return None
        hidden.add(rest.pop(0))
    return frozenset(hidden)


def _is_open(hidden: Sequence[int], smallest_shown: int | None) -> bool:
    """Whether each small hidden cell has at least two possible values for a reader who knows their sum.

    A reader who knows this rule also knows that the larger hidden cells are no larger than the smallest one shown.
    """
    few = sum(1 for cell in hidden if cell < SMALL)
    more = len(hidden) - few
    least_of_others = few - 1 + SMALL * more
    lowest = 1
    if not more or smallest_shown is not None:
        lowest = max(1, sum(hidden) - (SMALL - 1) * (few - 1) - (smallest_shown or 0) * more)
    return min(SMALL - 1, sum(hidden) - least_of_others) > lowest


def _band(count: int) -> str:
    return SOME if count >= SMALL else suppressed(count)
