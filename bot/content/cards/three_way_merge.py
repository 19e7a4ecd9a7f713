"""Two hands on one thing: what each changed since they read it, joined; where both changed the same, mine stays."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.content.cards.cards import Values
from bot.content.yaml.yaml_form import Data


@dataclass(frozen=True)
class Merged:
    """The joined fields, and the names of those that both had changed, each in another way."""

    values: Values
    torn: tuple[str, ...]


def merge_fields(base: Mapping[str, Data], mine: Mapping[str, Data], theirs: Mapping[str, Data]) -> Merged:
    """Field by field."""
    values: Values = {}
    torn: list[str] = []
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
            torn.append(name)
    return Merged(values, tuple(torn))


def merge_lists(base: list[Data], mine: list[Data], theirs: list[Data]) -> list[Data]:
    """Mine, without what they took out, and with what they added at the end."""
    kept = [each for each in mine if each in theirs or each not in base]
    return [*kept, *(each for each in theirs if each not in base and each not in kept)]
