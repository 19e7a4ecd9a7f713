"""The content as cards: the parts that an editor changes one at a time, read from files and written back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.content.cards.card_kinds import CardKind, Holds, kind_of
from bot.content.content_files import Files
from bot.content.yaml.yaml_form import Data, Steps, YamlText, parse_yaml

Values: TypeAlias = dict[str, Data]
"""A card's fields by name."""
NAME_JOINED = " / "


@dataclass(frozen=True, order=True)
class CardRef:
    """Address of a card: its file, and its name within it (empty if the file is one card)."""

    file: str
    name: str = ""


class NoSuchCardError(LookupError):
    """No editable card can be at this address."""


def read_card(files: Files, place: CardRef) -> Values | None:
    """The fields of a card; None if it does not exist. Raises NoSuchCardError for an impossible address."""
    return cards_of(files, place.file).get(place.name)


def cards_of(files: Files, file: str) -> dict[str, Values]:
    """All cards of a file by name, in its order. Raises NoSuchCardError."""
    kind = kind_of(file)
    if kind is None or file not in files:
        raise NoSuchCardError(file)
    return {name: values for name, values, _ in _cards(kind, _parsed(files, file).data)}


def write_card(files: Files, place: CardRef, values: Values | None) -> bytes:
    """The card's file with these fields; None deletes the card. Raises NoSuchCardError."""
    return write_cards(files, place.file, {place.name: values})


def write_cards(files: Files, file: str, cards: Mapping[str, Values | None]) -> bytes:
    """A file with several of its cards changed. Raises NoSuchCardError."""
    kind = kind_of(file)
    if kind is None or file not in files:
        raise NoSuchCardError(file)
    page = _parsed(files, file)
    for name, values in cards.items():
        if kind.holds is Holds.ONE:
            page = _replaced(page, values or {})
        elif kind.holds is Holds.KEYS:
            page = _with_key(page, kind, name, values)
        else:
            page = _with_record(page, kind, name, values)
    return page.written().encode()


def name_of(kind: CardKind, values: Mapping[str, Data]) -> str:
    """The name that a record gets from its own fields."""
    return NAME_JOINED.join(str(values.get(field, "")) for field in kind.named_by)


def _parsed(files: Files, file: str) -> YamlText:
    return parse_yaml(file, files[file].decode("utf-8-sig"))


def _cards(kind: CardKind, data: Data) -> Iterator[tuple[str, Values, int]]:
    """(name, fields, position)."""
    if kind.holds is Holds.ONE and isinstance(data, dict):
        yield "", data, 0
    elif kind.holds is Holds.KEYS and isinstance(data, dict):
        yield from ((key, {kind.value.name: value}, place) for place, (key, value) in enumerate(data.items()))
    elif kind.holds is Holds.RECORDS and isinstance(data, list):
        for position, record in enumerate(data):
            if isinstance(record, dict):
                yield name_of(kind, record), record, position


def _replaced(page: YamlText, values: Values) -> YamlText:
    """Fields in the file's order; new ones at the end."""
    data = page.data if isinstance(page.data, dict) else {}
    return YamlText(page.name, {**data, **values}, page.comments)


def _with_key(page: YamlText, kind: CardKind, key: str, values: Values | None) -> YamlText:
    data = dict(page.data) if isinstance(page.data, dict) else {}
    if values is None:
        data.pop(key, None)
    else:
        data[key] = values[kind.value.name]
    return YamlText(page.name, data, page.comments)


def _with_record(page: YamlText, kind: CardKind, name: str, values: Values | None) -> YamlText:
    """The list with this record at its old position, at the end if it is new, or without it."""
    records = list(page.data) if isinstance(page.data, list) else []
    position = next((place for known, _, place in _cards(kind, records) if known == name), len(records))
    if values is not None:
        old = records[position] if position < len(records) else {}
        record = {**(old if isinstance(old, dict) else {}), **values}
        return YamlText(page.name, [*records[:position], record, *records[position + 1 :]], page.comments)
    if position == len(records):
        return page
    return YamlText(page.name, [*records[:position], *records[position + 1 :]], _moved_up(page.comments, position))


def _moved_up(comments: Mapping[Steps, tuple[str, ...]], gone: int) -> dict[Steps, tuple[str, ...]]:
    """Comments after the item at `gone` is deleted: its own stay before the next item."""
    moved: dict[Steps, tuple[str, ...]] = {}
    for path, lines in comments.items():
        first, *rest = path
        if first == gone and rest:
            continue
        place: Steps = (first - 1, *rest) if isinstance(first, int) and first > gone else path
        moved[place] = (*moved.get(place, ()), *lines)
    return moved
