"""Read the danger lists: groups of words, and rules over the groups."""

from collections.abc import Iterator, Mapping

from bot.content.yaml.yaml_nodes import Value
from bot.domain.understanding.kinds import Kind, Kinds
from bot.domain.understanding.triage import WINDOW, Rule, Triage, WordGroup

Groups = Mapping[str, WordGroup]


def triage_of(rules: Value, words: Value, listed: Value, kinds: Kinds) -> Triage:
    """The danger lists; an unreadable rule is a fault and is left out.

    `listed`: the file of kinds, in which a kind may have its own words and rules.
    """
    groups = {name: WordGroup.of(name, value.texts()) for name, value in words.items()}
    empty = WordGroup.of("", ())
    return Triage(
        rules=(*_shared(rules, groups, kinds), *_own(listed, groups, kinds)),
        idioms=groups.get("idioms", empty),
        information=groups.get("information", empty),
        padding=groups.get("padding", empty),
        kinds=kinds,
    )


def _shared(rules: Value, groups: Groups, kinds: Kinds) -> Iterator[Rule]:
    """The rules of the shared file. Their urgency is that of their kind."""
    for row in rules:
        name = row["kind"].text()
        if name in kinds:
            yield from _rule(row, kinds[name], groups)
        elif kinds.listed:
            known = "、".join(kind.id for kind in kinds)
            what, mend = f"kind の「{name}」という種類がありません", f"kinds.yaml にある名前にしてください（{known}）"
            row.sheet.fault(row["kind"].line, what, mend)


def _own(listed: Value, groups: Groups, kinds: Kinds) -> Iterator[Rule]:
    """The rules listed with their kind: its own word groups take precedence over shared ones of the same name."""
    for row in listed:
        name = row["id"].text("")
        own = {group: WordGroup.of(f"{name}/{group}", value.texts()) for group, value in row["words"].items()}
        for rule in row["rules"]:
            yield from _rule(rule, kinds[name], {**groups, **own})


def _rule(row: Value, kind: Kind, groups: Groups) -> Iterator[Rule]:
    def named(key: str) -> tuple[WordGroup, ...]:
        for value in row[key]:
            if value.text() not in groups:
                mend = "words.yaml に組を書き足すか、名前を直してください"
                value.sheet.fault(value.line, f"言葉の組「{value.text()}」がありません", mend)
        return tuple(groups[name] for name in row[key].texts() if name in groups)

    every = named("every")
    if every:
        whole = row["whole"].text("no") == "yes"
        yield Rule(kind.id, kind.urgency, every, named("unless"), row["window"].number(WINDOW), whole)
    else:
        row.sheet.fault(row.line, "この決まりには言葉の組がありません", "every: に組の名前を書いてください")
