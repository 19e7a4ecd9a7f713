"""Differences between two states of the content, card by card, for people to read."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.content.cards.card_kinds import CardKind, Field, kind_of
from bot.content.cards.cards import CardRef, Values, cards_of
from bot.content.content_files import Files
from bot.content.yaml.yaml_form import Data


@dataclass(frozen=True)
class FieldChange:
    """One field before and after. Of a list: the removed and the added values."""

    label: str
    before: str
    after: str
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()


@dataclass(frozen=True)
class CardChange:
    """One card before and after. `after` is None for a deleted card."""

    place: CardRef
    kind: str
    title: str
    fields: tuple[FieldChange, ...]
    after: Values | None = None
    is_new: bool = False
    is_gone: bool = False


def differences(before: Files, after: Files) -> list[CardChange]:
    """Every card that differs. A file that does not consist of cards counts as one."""
    changes: list[CardChange] = []
    for file in sorted(before.keys() | after.keys()):
        if before.get(file) == after.get(file):
            continue
        kind = kind_of(file)
        if kind is None:
            changes.append(
                CardChange(CardRef(file), "危険の決まり", file, (FieldChange("ファイル", "", "変わりました"),))
            )
        else:
            changes.extend(_in_file(kind, file, before, after))
    return changes


def title_of(file: str, name: str, values: Values) -> str:
    """The display title of a card."""
    return str(values.get("title") or values.get("name") or values.get("label") or name or file)


def shown(data: Data) -> str:
    """A value as text for people."""
    if isinstance(data, str):
        return data
    if isinstance(data, list):
        return "\n".join(map(shown, data))
    return "\n".join(f"{key}：{shown(value)}" for key, value in data.items())


def _in_file(kind: CardKind, file: str, before: Files, after: Files) -> Iterator[CardChange]:
    old = cards_of(before, file) if file in before else {}
    new = cards_of(after, file) if file in after else {}
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if was != now:
            title = title_of(file, name, now or was or {})
            fields = tuple(field_changes(kind, was or {}, now or {}))
            yield CardChange(
                CardRef(file, name), kind.title, title, fields, now, is_new=was is None, is_gone=now is None
            )


def field_changes(kind: CardKind, was: Values, now: Values) -> Iterator[FieldChange]:
    labels = {field.name: field for field in kind.fields}
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name, ""), now.get(name, "")
        if before == after:
            continue
        label = labels.get(name, Field(name, name)).label
        if isinstance(before or [], list) and isinstance(after or [], list):
            gone = tuple(shown(value) for value in before if value not in after)
            come = tuple(shown(value) for value in after if value not in before)
            yield FieldChange(label, shown(before), shown(after), gone, come)
        else:
            yield FieldChange(label, shown(before), shown(after))
