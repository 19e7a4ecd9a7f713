"""Three-way merge of concurrent edits; in a conflict, mine wins."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.content.cards.cards import Values
from bot.content.yaml.yaml_form import Data


@dataclass(frozen=True)
class Merged:
    """The merged fields, and the names of those with a conflict."""

    values: Values
    conflicts: tuple[str, ...]


def merge_fields(base: Mapping[str, Data], mine: Mapping[str, Data], theirs: Mapping[str, Data]) -> Merged:
    values: Values = {}
    conflicts: list[str] = []
    for name in dict.fromkeys((*theirs, *mine)):
        before, left, right = base.get(name, ""), mine.get(name), theirs.get(name)
        if left is None or right is None:
            values[name] = (right if left is None else left) or ""
        elif right in (left, before):
            values[name] = left
        elif left == before:
            values[name] = right
        elif isinstance(left, list) and isinstance(right, list) and isinstance(before, list):
            values[name] = merge_lists(before, left, right)
        else:
            values[name] = left
            conflicts.append(name)
    return Merged(values, tuple(conflicts))


def merge_lists(base: list[Data], mine: list[Data], theirs: list[Data]) -> list[Data]:
    """Mine, without the values that they removed, plus the values that they added, at the end."""
    merged = [value for value in mine if value in theirs or value not in base]
    return [*merged, *(value for value in theirs if value not in base and value not in merged)]
