"""Edits that would hide a cry, and what no office may take out."""

from collections.abc import Iterable

from bot.content.check.kinds_floor import own_calming, own_words, records_of, with_kinds_floor
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


def below_the_floor(catalog: Catalog, files: Files, shipped: Files) -> Iterable[Fault]:
    """What takes away from what was shipped: kinds, words, rules, forbidden numbers; synonyms that hush."""
    yield from _synonyms(catalog, LineNumbers.of(files, ()), shipped)
    yield from _gone_words(files, shipped)
    yield from _swallowing(files, shipped)
    yield from _gone_rules(files, shipped)
    yield from _gone_kinds(files, shipped)
    yield from _gone_numbers(files, shipped)


def _synonyms(catalog: Catalog, numbers: LineNumbers, shipped: Files) -> Iterable[Fault]:
    """A word of danger that is replaced by a harmless one before it is read. The shipped ones are tried."""
    tried = {(row["from"], row["to"]) for row in _data(shipped, "synonyms.yaml") if isinstance(row, dict)}
    for before, after in catalog.synonyms:
        if (before, after) in tried:
            continue
        heard, kept = (worst(catalog.triage.read(each), catalog.kinds) for each in (before, after))
        if heard and (kept is None or (heard.route is Route.EMERGENCY and kept.route is not Route.EMERGENCY)):
            file, line = numbers.find(before, near="synonyms")
            what = f"言いかえ「{before}」→「{after}」は、危険のことばを、ふつうのことばに変えてしまいます"
            yield Fault(file, line, what, "この言いかえを消してください")


def _gone_words(files: Files, shipped: Files) -> Iterable[Fault]:
    """Words of rules; those that calm a rule or are idioms may go: without them more is heard."""
    calming = calming_groups(_data(shipped, _RULES))
    now = _mapping(files, _WORDS)
    for group, words in _mapping(shipped, _WORDS).items():
        gone = [] if group in calming else [word for word in words if word not in now.get(group, [])]
        for word in gone:
            yield _shipped_fault(_WORDS, f"はじめから入っている危険のことば「{word}」（{group}）がありません")


def _swallowing(files: Files, shipped: Files) -> Iterable[Fault]:
    """A new idiom, or a new calming word, that stands within a word of danger: that word would never be heard again."""
    shared, kinds = calming_groups(_data(shipped, _RULES)), _data(shipped, KINDS)
    calming, before = shared | own_calming(kinds), _groups(shipped)
    danger = {squeeze(word): word for group, words in before.items() if group not in calming for word in words}
    for group, words in _groups(files).items():
        for word in words if group in calming else ():
            hidden = next((danger[each] for each in danger if squeeze(word) and squeeze(word) in each), "")
            if hidden and word not in before.get(group, []):
                what = f"「{group}」に足した「{word}」は、危険のことば「{hidden}」をかくしてしまいます"
                yield Fault(
                    KINDS if "/" in group else _WORDS, 1, what, "前後のことばも入れて、長い言い方にしてください"
                )


def _gone_rules(files: Files, shipped: Files) -> Iterable[Fault]:
    now = _data(files, _RULES)
    for rule in _data(shipped, _RULES):
        if rule not in now and isinstance(rule, dict):
            named = f"{rule['kind']}：{'＋'.join(map(str, rule['every']))}"
            what = f"はじめから入っている決まり（{named}）が、ないか変わっています"
            yield _shipped_fault(_RULES, what)


def _gone_kinds(files: Files, shipped: Files) -> Iterable[Fault]:
    """Kinds that are gone, hushed or without a line; or in another order, which decides what leads a reply."""
    now = _data(files, KINDS)
    kept = with_kinds_floor(now, _data(shipped, KINDS))
    mine = records_of(now)
    for name, record in records_of(kept).items():
        if mine.get(name) != record:
            fields = "・".join(field for field in record if mine.get(name, {}).get(field) != record[field])
            yield _shipped_fault(KINDS, f"はじめから入っている種類「{name}」が、ないか変わっています（{fields}）")
    if [*records_of(kept)] != list(mine) and mine.keys() == records_of(kept).keys():
        yield _shipped_fault(KINDS, "はじめから入っている種類の順番が変わっています")


def _gone_numbers(files: Files, shipped: Files) -> Iterable[Fault]:
    now = forbidden_numbers(_data(files, _LINES))
    for number in sorted(forbidden_numbers(_data(shipped, _LINES)) - now):
        yield _shipped_fault(_LINES, f"案内してはいけない番号「{number}」が、一覧から消えています")


def calming_groups(rules: Data) -> frozenset[str]:
    """The groups of words that switch a rule off, or blank something out."""
    unless = {str(name) for rule in rules if isinstance(rule, dict) for name in rule.get("unless", [])}
    return frozenset(unless | {"idioms", "information", "padding"})


def forbidden_numbers(lines: Data) -> frozenset[str]:
    """The numbers that are never said."""
    never = (row for row in lines if isinstance(row, dict) and row.get("use") == Use.NEVER)
    return frozenset(str(phone) for row in never for phone in row["phones"])


def _groups(files: Files) -> dict[str, list[str]]:
    """Every group of words: those that all kinds share, and those that stand with their kind."""
    return {**_mapping(files, _WORDS), **own_words(_data(files, KINDS))}


def _data(files: Files, name: str) -> Data:
    return parse_yaml(name, files[name].decode("utf-8-sig")).data if name in files else []


def _mapping(files: Files, name: str) -> dict[str, list[str]]:
    data = _data(files, name)
    groups = data if isinstance(data, dict) else {}
    return {group: [str(word) for word in words] for group, words in groups.items() if isinstance(words, list)}


def _shipped_fault(file: str, what: str) -> Fault:
    return Fault(file, 1, what, "元に戻してください。足すことはできますが、減らすことはできません")
