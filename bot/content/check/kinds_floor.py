"""What of the shipped kinds no office may take away: the kind, its place, its urgency and marks, its lists, a line."""

from collections.abc import Iterable, Mapping

from bot.content.yaml.yaml_form import Data

FIXED = ("urgency", "talk", "silent", "ask_later", "stands_for")
"""Fields of a shipped kind that stay as shipped."""
_Record = dict[str, Data]


def with_kinds_floor(mine: Data, shipped: Data) -> list[Data]:
    """The office's kinds, with whatever they lack of the shipped ones; the same list where they lack nothing."""
    own, theirs = records_of(mine), records_of(shipped)
    kept = {**own, **{name: _kept(own.get(name), record) for name, record in theirs.items()}}
    return [kept[name] for name in _in_order(tuple(own), tuple(theirs))]


def records_of(kinds: Data) -> dict[str, _Record]:
    """The records of a file of kinds by their id."""
    rows = kinds if isinstance(kinds, list) else []
    return {str(row.get("id", "")): row for row in rows if isinstance(row, dict)}


def own_words(kinds: Data) -> dict[str, list[str]]:
    """The groups of words that stand with their kind, as `kind/group`."""
    found: dict[str, list[str]] = {}
    for name, record in records_of(kinds).items():
        groups = _mapping(record.get("words", {}))
        found |= {f"{name}/{group}": list(map(str, words)) for group, words in groups.items()}
    return found


def own_calming(kinds: Data) -> frozenset[str]:
    """Those of them that switch a rule off."""
    return frozenset(f"{name}/{group}" for name, record in records_of(kinds).items() for group in _calming(record))


def _kept(mine: _Record | None, shipped: _Record) -> _Record:
    if mine is None:
        return shipped
    fixed = {field: shipped[field] for field in FIXED if field in shipped}
    kept = {name: value for name, value in mine.items() if name in fixed or name not in FIXED} | fixed
    kept["lines"] = mine.get("lines") or shipped["lines"]
    rules = _more(mine.get("rules", []), shipped.get("rules", []))
    words = _kept_words(mine, shipped)
    return kept | ({"words": words} if words else {}) | ({"rules": rules} if rules else {})


def _kept_words(mine: _Record, shipped: _Record) -> dict[str, Data]:
    """Words of danger are never fewer; those that calm may go: without them more is heard."""
    now, calming = _mapping(mine.get("words", {})), _calming(shipped)
    words: dict[str, Data] = dict(now)
    for group, theirs in _mapping(shipped.get("words", {})).items():
        if group not in now or group not in calming:
            words[group] = _more(now.get(group, []), theirs)
    return words


def _calming(record: _Record) -> frozenset[str]:
    rules = record.get("rules", [])
    return frozenset(str(name) for rule in rules if isinstance(rule, dict) for name in rule.get("unless", []))


def _more(mine: Iterable[Data], shipped: Iterable[Data]) -> list[Data]:
    known = list(mine)
    return [*known, *(each for each in shipped if each not in known)]


def _mapping(data: Data) -> Mapping[str, list[Data]]:
    pairs = data.items() if isinstance(data, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, list)}


def _in_order(mine: tuple[str, ...], shipped: tuple[str, ...]) -> list[str]:
    """The shipped ones in their order; each of the office's own behind the one that stands before it there."""
    order = list(shipped)
    for place, name in enumerate(mine):
        if name not in shipped:
            before = mine[place - 1] if place else ""
            order.insert(order.index(before) + 1 if before else 0, name)
    return order
