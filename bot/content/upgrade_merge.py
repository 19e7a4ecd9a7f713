"""Merge newer shipped files into the office's content: untouched parts are updated, edited ones stay."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.content.cards.card_kinds import CardKind, kind_of
from bot.content.cards.cards import CardRef, Values, cards_of, write_card
from bot.content.cards.three_way_merge import merge_fields
from bot.content.check.shipped_kinds import with_shipped_kinds
from bot.content.check.unsafe_edits import calming_groups
from bot.content.content_files import Files
from bot.content.older_content import in_current_form
from bot.content.read.kinds_reader import KINDS
from bot.content.yaml.yaml_form import YamlText, parse_yaml
from bot.domain.catalog import Use

_RULES = "triage/rules.yaml"
_WORDS = "triage/words.yaml"
_LINES = "lines.yaml"


@dataclass(frozen=True)
class MergedUpgrade:
    """The merged content; which cards (or whole files) came from the shipped files, and which edits were kept."""

    files: dict[str, bytes]
    taken: tuple[CardRef, ...]
    kept: tuple[CardRef, ...]


def merge_upgrade(base: Files, mine: Files, shipped: Files) -> MergedUpgrade:
    """`base`: the shipped files that `mine` started from.

    Kinds of danger, their words and rules, and forbidden numbers are never removed.
    """
    base, mine = (in_current_form(files, shipped) for files in (base, mine))
    files = dict(mine)
    taken: list[CardRef] = []
    kept: list[CardRef] = []
    for file, body in shipped.items():
        if mine.get(file) == body:
            continue
        kind = kind_of(file)
        if file not in mine or mine[file] == base.get(file):
            files[file] = body
            taken.append(CardRef(file))
        elif kind is not None and body != base.get(file):
            _merge_file(kind, file, _Merge(base, files, shipped, taken, kept))
    _restore_protected(files, shipped)
    return MergedUpgrade(files, tuple(taken), tuple(kept))


@dataclass(frozen=True)
class _Merge:
    """The inputs of a merge and its results so far."""

    base: Files
    files: dict[str, bytes]
    shipped: Files
    taken: list[CardRef]
    kept: list[CardRef]


def _merge_file(kind: CardKind, file: str, merge: _Merge) -> None:
    """Merge a file that both sides have changed, card by card."""
    before = cards_of(merge.base, file) if file in merge.base else {}
    mine = cards_of(merge.files, file)
    for name, values in cards_of(merge.shipped, file).items():
        old, own = before.get(name), mine.get(name)
        if own is None and old is not None and kind.grows:
            continue  # the office deleted it
        if values in (old, own):
            continue
        merged = merge_fields(old or {}, own or values, values)
        _put(merge, CardRef(file, name), own, merged.values)
        if merged.conflicts:
            merge.kept.append(CardRef(file, name))


def _put(merge: _Merge, place: CardRef, own: Values | None, values: Values) -> None:
    if own != values:
        merge.files[place.file] = write_card(merge.files, place, values)
        merge.taken.append(place)


def _restore_protected(files: dict[str, bytes], shipped: Files) -> None:
    """Restore every shipped kind, danger word, danger rule, and number that must never be said, whatever was edited."""
    rules = _parsed(files, _RULES)
    if isinstance(rules.data, list):
        shipped_rules = _parsed(shipped, _RULES).data
        missing = [rule for rule in shipped_rules if rule not in rules.data]
        if missing:
            files[_RULES] = YamlText(_RULES, [*rules.data, *missing], rules.comments).written().encode()
    if KINDS in shipped:
        _restore_kinds(files, shipped)
    calming = calming_groups(_parsed(shipped, _RULES).data)
    _restore_words(files, cards_of(shipped, _WORDS), calming)
    own = cards_of(files, _LINES)
    for name, values in cards_of(shipped, _LINES).items():
        if values.get("use") == Use.NEVER and own.get(name) != values:
            files[_LINES] = write_card(files, CardRef(_LINES, name), values)


def _restore_kinds(files: dict[str, bytes], shipped: Files) -> None:
    kinds = _parsed(files, KINDS)
    kept = with_shipped_kinds(kinds.data, _parsed(shipped, KINDS).data)
    if kept != kinds.data:
        files[KINDS] = YamlText(KINDS, kept, kinds.comments).written().encode()


def _restore_words(files: dict[str, bytes], shipped: Mapping[str, Values], calming: frozenset[str]) -> None:
    own = cards_of(files, _WORDS)
    for group, values in shipped.items():
        mine, theirs = own.get(group, {}).get("words", []), values["words"]
        if group in own and (group in calming or not isinstance(mine, list) or not isinstance(theirs, list)):
            continue
        words = [*mine, *(word for word in theirs if word not in mine)]
        if words != mine:
            files[_WORDS] = write_card(files, CardRef(_WORDS, group), {"words": words})


def _parsed(files: Files, file: str) -> YamlText:
    return parse_yaml(file, files[file].decode("utf-8-sig"))
