"""The parts of shipped kinds that no office may remove: the kind, its position, urgency, marks, lists, a line."""

from collections.abc import Iterable, Mapping

from bot.content.yaml.yaml_form import Data

FIXED = ("urgency", "talk", "silent", "ask_later", "stands_for")
"""Fields of a shipped kind that must not change."""
_Record = dict[str, Data]


def with_shipped_kinds(mine: Data, shipped: Data) -> list[Data]:
    """The office's kinds, completed with what they lack of the shipped ones; unchanged if they lack nothing."""
    own, theirs = records_of(mine), records_of(shipped)
    completed = {**own, **{name: _completed(own.get(name), record) for name, record in theirs.items()}}
    return [completed[name] for name in _in_order(tuple(own), tuple(theirs))]


def records_of(kinds: Data) -> dict[str, _Record]:
    """The records of a file of kinds by id."""
    rows = kinds if isinstance(kinds, list) else []
    return {str(row.get("id", "")): row for row in rows if isinstance(row, dict)}


def own_words(kinds: Data) -> dict[str, list[str]]:
    """The word groups listed with their kind, as `kind/group`."""
    words_of: dict[str, list[str]] = {}
    for name, record in records_of(kinds).items():
        groups = _mapping(record.get("words", {}))
        words_of |= {f"{name}/{group}": list(map(str, words)) for group, words in groups.items()}
    return words_of


def own_calming(kinds: Data) -> frozenset[str]:
    """Those of `own_words` that switch a rule off."""
    return frozenset(f"{name}/{group}" for name, record in records_of(kinds).items() for group in _calming(record))


def _completed(mine: _Record | None, shipped: _Record) -> _Record:
    if mine is None:
        return shipped
    fixed = {field: shipped[field] for field in FIXED if field in shipped}
    completed = {name: value for name, value in mine.items() if name in fixed or name not in FIXED} | fixed
    completed["lines"] = mine.get("lines") or shipped["lines"]
    rules = _union(mine.get("rules", []), shipped.get("rules", []))
    words = _completed_words(mine, shipped)
    return completed | ({"words": words} if words else {}) | ({"rules": rules} if rules else {})


def _completed_words(mine: _Record, shipped: _Record) -> dict[str, Data]:
    """Danger words are only added to; calming words may go, because without them more is detected."""
    now, calming = _mapping(mine.get("words", {})), _calming(shipped)
    words: dict[str, Data] = dict(now)
    for group, theirs in _mapping(shipped.get("words", {})).items():
        if group not in now or group not in calming:
            words[group] = _union(now.get(group, []), theirs)
    return words


def _calming(record: _Record) -> frozenset[str]:
    rules = record.get("rules", [])
    return frozenset(str(name) for rule in rules if isinstance(rule, dict) for name in rule.get("unless", []))


def _union(mine: Iterable[Data], shipped: Iterable[Data]) -> list[Data]:
    known = list(mine)
    return [*known, *(value for value in shipped if value not in known)]


def _mapping(data: Data) -> Mapping[str, list[Data]]:
    pairs = data.items() if isinstance(data, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, list)}


def _in_order(mine: tuple[str, ...], shipped: tuple[str, ...]) -> list[str]:
    """Shipped kinds in their order; each of the office's own after the kind that precedes it in the office's list."""
    order = list(shipped)
    for place, name in enumerate(mine):
        if name not in shipped:
            before = mine[place - 1] if place else ""
            order.insert(order.index(before) + 1 if before else 0, name)
    return order
