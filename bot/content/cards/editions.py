"""Compare a new edition of the plan with the old one: measures are paired by number and by similar wording."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.content.cards.cards import CardRef, Values, cards_of, write_card
from bot.content.cards.differences import shown
from bot.content.content_files import Files

_MIN_LIKENESS = 60
_FOLDERS = ("measures/", "terms/")


@dataclass(frozen=True)
class Pair:
    """An entry of the old edition and the most similar one of the new edition (None: no entry is similar)."""

    old: str
    old_title: str
    new: str | None
    new_title: str
    likeness: int
    changed: tuple[str, ...]
    """Labels of the plan's own parts that differ: title, actions, definition, goal."""


def pair_editions(old: Files, new: Files) -> list[Pair]:
    """Every measure and term of the old edition with its nearest in the new one."""
    before, after = _entries(old), _entries(new)
    return [_pair(name, values, after) for name, values in before.items()]


def compare_editions(old: Files, new: Files) -> Iterator[str]:
    """The pairs as lines to read, then the entries that only the new edition has."""
    pairs = pair_editions(old, new)
    for pair in pairs:
        if pair.new is None:
            yield f"{pair.old}「{pair.old_title}」: 新しい版に、似たものがありません"
        else:
            state = f"変わった所: {'、'.join(pair.changed)}" if pair.changed else "同じです"
            beside = f"{pair.old}「{pair.old_title}」→ {pair.new}「{pair.new_title}」"
            yield f"{beside}（似ている度合い {pair.likeness}）{state}"
    for name, values in _entries(new).items():
        if name not in {pair.new for pair in pairs}:
            yield f"{name}「{shown(values['title'])}」: 新しい版だけにあります"


def carry_phrases(old: Files, new: Files, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The new edition's files with the phrases of old entries (keys) added to new ones (values). Raises KeyError."""
    before, after = _entries(old), _entries(new)
    carried: dict[str, bytes] = {}
    for source, target in wanted.items():
        phrases = [*after[target].get("phrases", []), *before[source].get("phrases", [])]
        fields: Values = {"phrases": list(dict.fromkeys(map(str, phrases)))}
        after[target] = {**after[target], **fields}
        carried[_file(target)] = write_card(new, CardRef(_file(target)), fields)
    return carried


def _entries(files: Files) -> dict[str, Values]:
    named = (file for file in sorted(files) if file.startswith(_FOLDERS))
    return {file.rpartition("/")[2].removesuffix(".yaml"): cards_of(files, file)[""] for file in named}


def _pair(name: str, values: Values, after: dict[str, Values]) -> Pair:
    title = shown(values["title"])
    scored = [
        (_likeness(name, values, other, theirs), other)
        for other, theirs in after.items()
        if _kind(other) == _kind(name)
    ]
    likeness, nearest = max(scored, default=(0, ""))
    if likeness < _MIN_LIKENESS:
        return Pair(name, title, None, "", likeness, ())
    theirs = after[nearest]
    parts = {"title": "題名", "actions": "取組", "definition": "用語解説", "goal": "目標"}
    changed = tuple(label for part, label in parts.items() if values.get(part) != theirs.get(part))
    return Pair(name, title, nearest, shown(theirs["title"]), likeness, changed)


def _likeness(name: str, values: Values, other: str, theirs: Values) -> int:
    """0 to 100: mostly the words of title and actions; the same number counts a little."""
    by_title = fuzz.token_set_ratio(shown(values["title"]), shown(theirs["title"]))
    by_words = fuzz.ratio(
        *(shown(fields.get("actions", "")) + shown(fields.get("definition", "")) for fields in (values, theirs))
    )
    return round(0.5 * by_title + 0.4 * by_words + (10 if name == other else 0))


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _file(name: str) -> str:
    return f"{_kind(name)}s/{name}.yaml"
