"""Edits that would hide a cry for help, and removals that no office may make."""

from collections.abc import Iterable

from bot.content.check.shipped_kinds import own_calming, own_words, records_of, with_shipped_kinds
from bot.content.content_faults import Fault
from bot.content.content_files import Files
from bot.content.read.kinds_reader import KINDS
from bot.content.yaml.line_numbers import LineNumbers
from bot.content.yaml.yaml_form import Data, parse_yaml
from bot.domain.catalog import Catalog, Use
from bot.domain.messages import Route
from bot.domain.understanding.kinds import worst
from bot.domain.understanding.normalise import squeeze

_WORDS = "triage/words.yaml"
_RULES = "triage/rules.yaml"
_LINES = "lines.yaml"


def safety_faults(catalog: Catalog, files: Files, shipped: Files) -> Iterable[Fault]:
    """Removals from the shipped kinds, words, rules and forbidden numbers; synonyms that hide danger."""
    yield from _synonyms(catalog, LineNumbers.of(files, ()), shipped)
    yield from _removed_words(files, shipped)
    yield from _hiding_words(files, shipped)
    yield from _removed_rules(files, shipped)
    yield from _removed_kinds(files, shipped)
    yield from _removed_numbers(files, shipped)


def _synonyms(catalog: Catalog, numbers: LineNumbers, shipped: Files) -> Iterable[Fault]:
    """Synonyms that replace a danger word by a harmless one before triage. The shipped ones are tested."""
    tested = {(row["from"], row["to"]) for row in _data(shipped, "synonyms.yaml") if isinstance(row, dict)}
    for before, after in catalog.synonyms:
        if (before, after) in tested:
            continue
        old, new = (worst(catalog.triage.read(word), catalog.kinds) for word in (before, after))
        if old and (new is None or (old.route is Route.EMERGENCY and new.route is not Route.EMERGENCY)):
            file, line = numbers.find(before, near="synonyms")
            what = f"言いかえ「{before}」→「{after}」は、危険のことばを、ふつうのことばに変えてしまいます"
            yield Fault(file, line, what, "この言いかえを消してください")


def _removed_words(files: Files, shipped: Files) -> Iterable[Fault]:
    """Removed words of rules; calming words and idioms may go, because without them more is detected."""
    calming = calming_groups(_data(shipped, _RULES))
    now = _mapping(files, _WORDS)
    for group, words in _mapping(shipped, _WORDS).items():
        removed = [] if group in calming else [word for word in words if word not in now.get(group, [])]
        for word in removed:
            yield _shipped_fault(_WORDS, f"はじめから入っている危険のことば「{word}」（{group}）がありません")


def _hiding_words(files: Files, shipped: Files) -> Iterable[Fault]:
    """New idioms or calming words that are part of a danger word, which would then never be detected again."""
    shared, kinds = calming_groups(_data(shipped, _RULES)), _data(shipped, KINDS)
    calming, before = shared | own_calming(kinds), _groups(shipped)
    danger = {squeeze(word): word for group, words in before.items() if group not in calming for word in words}
    for group, words in _groups(files).items():
        for word in words if group in calming else ():
            hidden = next((danger[key] for key in danger if squeeze(word) and squeeze(word) in key), "")
            if hidden and word not in before.get(group, []):
                what = f"「{group}」に足した「{word}」は、危険のことば「{hidden}」をかくしてしまいます"
                yield Fault(
                    KINDS if "/" in group else _WORDS, 1, what, "前後のことばも入れて、長い言い方にしてください"
                )


def _removed_rules(files: Files, shipped: Files) -> Iterable[Fault]:
    now = _data(files, _RULES)
    for rule in _data(shipped, _RULES):
        if rule not in now and isinstance(rule, dict):
            named = f"{rule['kind']}：{'＋'.join(map(str, rule['every']))}"
            what = f"はじめから入っている決まり（{named}）が、ないか変わっています"
            yield _shipped_fault(_RULES, what)


def _removed_kinds(files: Files, shipped: Files) -> Iterable[Fault]:
    """Kinds that are removed, weakened or without a line; or in another order, which decides what leads a reply."""
    now = _data(files, KINDS)
    completed = with_shipped_kinds(now, _data(shipped, KINDS))
    mine = records_of(now)
    for name, record in records_of(completed).items():
        if mine.get(name) != record:
            fields = "・".join(field for field in record if mine.get(name, {}).get(field) != record[field])
            yield _shipped_fault(KINDS, f"はじめから入っている種類「{name}」が、ないか変わっています（{fields}）")
    if [*records_of(completed)] != list(mine) and mine.keys() == records_of(completed).keys():
        yield _shipped_fault(KINDS, "はじめから入っている種類の順番が変わっています")


def _removed_numbers(files: Files, shipped: Files) -> Iterable[Fault]:
    now = forbidden_numbers(_data(files, _LINES))
    for number in sorted(forbidden_numbers(_data(shipped, _LINES)) - now):
        yield _shipped_fault(_LINES, f"案内してはいけない番号「{number}」が、一覧から消えています")


def calming_groups(rules: Data) -> frozenset[str]:
    """The word groups that switch a rule off, or blank something out."""
    unless = {str(name) for rule in rules if isinstance(rule, dict) for name in rule.get("unless", [])}
    return frozenset(unless | {"idioms", "information", "padding"})


def forbidden_numbers(lines: Data) -> frozenset[str]:
    """The numbers that are never given."""
    never = (row for row in lines if isinstance(row, dict) and row.get("use") == Use.NEVER)
    return frozenset(str(phone) for row in never for phone in row["phones"])


def _groups(files: Files) -> dict[str, list[str]]:
    """Every word group: those that all kinds share, and those listed with their kind."""
    return {**_mapping(files, _WORDS), **own_words(_data(files, KINDS))}


def _data(files: Files, name: str) -> Data:
    return parse_yaml(name, files[name].decode("utf-8-sig")).data if name in files else []


def _mapping(files: Files, name: str) -> dict[str, list[str]]:
    data = _data(files, name)
    groups = data if isinstance(data, dict) else {}
    return {group: [str(word) for word in words] for group, words in groups.items() if isinstance(words, list)}


def _shipped_fault(file: str, what: str) -> Fault:
    return Fault(file, 1, what, "元に戻してください。足すことはできますが、減らすことはできません")
