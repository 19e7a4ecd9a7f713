"""Check the kinds of danger and distress: each needs a rule, a number to call, and a sentence that gives it."""

from collections.abc import Iterable
from datetime import date

from bot.content.content_faults import Fault
from bot.content.content_files import Files
from bot.content.read.kinds_reader import KINDS
from bot.content.yaml.line_numbers import LineNumbers
from bot.content.yaml.yaml_form import parse_yaml
from bot.domain.catalog import Catalog
from bot.domain.messages import Route
from bot.domain.understanding.kinds import Kind

RULES = "triage/rules.yaml"


def kind_faults(catalog: Catalog, numbers: LineNumbers, today: date) -> Iterable[Fault]:
    """Faults visible in the catalog."""
    detected = {rule.kind for rule in catalog.triage.rules}
    for kind in catalog.kinds:
        line = numbers.line_of(KINDS, f'id: "{kind.id}"')
        if kind.id not in detected:
            mend = "この種類の rules: に決まりを書くか、triage/rules.yaml に足してください"
            yield Fault(KINDS, line, f"種類「{kind.id}」には、気づくための決まりがありません", mend)
        if not kind.lines:
            yield Fault(
                KINDS, line, f"種類「{kind.id}」の電話がありません", "lines: に lines.yaml の id を書いてください"
            )
        for name in kind.lines:
            if name not in catalog.lines or not catalog.lines[name].may_be_said(today):
                what = f"「{name}」という id がないか、案内できません"
                yield Fault(KINDS, numbers.line_of(KINDS, f'"{name}"'), what, "id を直してください")
        yield from _numberless(kind, numbers)


def misplaced(catalog: Catalog, files: Files) -> Iterable[Fault]:
    """What is written in another file and would be ignored: sentences of a kind, another urgency of a rule."""
    numbers = LineNumbers.of(files, ())
    for key in sorted(set(catalog.wording) & set(catalog.kinds.sentences)):
        line = numbers.line_of("wording.yaml", f"{key}:")
        yield Fault(
            "wording.yaml", line, f"「{key}」はここでは使われません", "種類のことばは kinds.yaml に書いてください"
        )
    rules = parse_yaml(RULES, files[RULES].decode("utf-8-sig")).data
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and rule.get("route", "") not in {"", catalog.kinds[str(rule["kind"])].urgency}:
            line = numbers.line_of(RULES, f'kind: "{rule["kind"]}"')
            what = f"種類「{rule['kind']}」の決まりの route が、kinds.yaml の urgency とちがいます"
            yield Fault(RULES, line, what, "urgency と同じにするか、route の行を消してください")


def _numberless(kind: Kind, numbers: LineNumbers) -> Iterable[Fault]:
    """Emergency sentences without a number. A kind for talking may leave numbers to the list below its sentence."""
    for sentence in filter(None, (kind.lead, kind.easy)):
        if kind.urgency is Route.EMERGENCY and "{tel:" not in sentence and not (kind.is_talk and kind.lines):
            what = f"種類「{kind.id}」の、命の危険への答えに、電話番号が一つもありません"
            mend = "{tel:nat-119} のように、番号の入る所を残してください"
            yield Fault(KINDS, numbers.line_of(KINDS, sentence), what, mend)
