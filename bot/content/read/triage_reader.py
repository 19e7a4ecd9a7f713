"""The lists of danger as the files have them: words in groups, and rules over the groups."""

from bot.content.yaml.yaml_nodes import Value
from bot.domain.messages import Route
from bot.domain.understanding.triage import WINDOW, Kind, Rule, Triage, WordGroup


def triage_of(rules: Value, words: Value) -> Triage:
    """The lists of danger; a rule that cannot be read is a fault and is left out."""
    groups = {name: WordGroup.of(name, value.texts()) for name, value in words.items()}
    nothing = WordGroup.of("", ())
    return Triage(
        rules=tuple(rule for row in rules if (rule := _rule(row, groups))),
        idioms=groups.get("idioms", nothing),
        information=groups.get("information", nothing),
        padding=groups.get("padding", nothing),
    )


def _rule(row: Value, groups: dict[str, WordGroup]) -> Rule | None:
    def named(key: str) -> tuple[WordGroup, ...]:
        for value in row[key]:
            if value.text() not in groups:
                value.sheet.fault(
                    value.line,
                    f"言葉の組「{value.text()}」がありません",
                    "words.yaml に組を書き足すか、名前を直してください",
                )
        return tuple(groups[name] for name in row[key].texts() if name in groups)

    every = named("every")
    try:
        kind, route = Kind(row["kind"].text()), Route(row["route"].text())
    except ValueError:
        row.sheet.fault(
            row.line,
            "kind か route の名前が分かりません",
            f"kind は {'、'.join(Kind)} のどれか、route は emergency か desk です",
        )
        return None
    if not every:
        row.sheet.fault(row.line, "この決まりには言葉の組がありません", "every: に組の名前を書いてください")
        return None
    whole = row["whole"].text("no") == "yes"
    return Rule(kind, route, every, named("unless"), row["window"].number(WINDOW), whole)
