"""Read `kinds.yaml`: the table of kinds, each with its own danger words, rules and examples, if it has any."""

import re

from bot.content.yaml.yaml_nodes import Value
from bot.domain.catalog import SignalExamples
from bot.domain.messages import Route
from bot.domain.understanding.kinds import Kind, KindId, KindRole, Kinds

KINDS = "kinds.yaml"
URGENCIES = (Route.EMERGENCY, Route.DESK)
_ID = re.compile(r"[a-z][a-z0-9-]{0,15}", re.ASCII)
"""At most as long as the column of a case in which it is stored."""


def kinds_of(sheet: Value) -> Kinds:
    """The table; unreadable rows are faults. Every role needs exactly one kind, or its cases could not be opened."""
    if sheet.node is None:
        return Kinds()
    kinds = tuple(kind for row in sheet if (kind := _kind(row)))
    names = [kind.id for kind in kinds]
    for name in sorted({name for name in names if names.count(name) > 1}):
        sheet.sheet.fault(sheet.line, f"種類「{name}」が二回あります", "どちらか一つにしてください")
    for role in KindRole:
        count = sum(kind.role is role for kind in kinds)
        if count != 1:
            mend = f'stands_for: "{role}" を、ちょうど一つの種類に書いてください'
            sheet.sheet.fault(sheet.line, f"「{role}」の代わりを務める種類が{count}個あります", mend)
    return Kinds(kinds)


def own_examples(sheet: Value, kinds: Kinds) -> tuple[SignalExamples, ...]:
    """The examples listed with their kind."""
    rows = ((kinds[row["id"].text("")], row["phrases"].texts()) for row in sheet)
    return tuple(SignalExamples(kind.urgency, kind.id, phrases) for kind, phrases in rows if phrases)


def _kind(row: Value) -> Kind | None:
    name, urgency = row["id"].text(), row["urgency"].text()
    if not _ID.fullmatch(name):
        mend = "半角の小文字・数字・「-」で、16字までの名前を書いてください"
        row.sheet.fault(row["id"].line, f"種類の id「{name}」は使えません", mend)
        return None
    if urgency not in URGENCIES:
        row.sheet.fault(row["urgency"].line, f"urgency の「{urgency}」は使えません", "emergency か desk にしてください")
        return None
    return Kind(
        KindId(name),
        row["name"].text(),
        Route(urgency),
        row["lead"].text(),
        row["easy"].text(""),
        row["lines"].texts(),
        is_talk=_is_yes(row["talk"]),
        has_silent_line=_is_yes(row["silent"]),
        may_be_asked_later=_is_yes(row["ask_later"]),
        role=_role(row["stands_for"]),
    )


def _is_yes(value: Value) -> bool:
    written = value.text()
    if written not in {"yes", "no", ""}:
        value.sheet.fault(value.line, f"{value.name} の「{written}」は使えません", "yes か no にしてください")
    return written == "yes"


def _role(value: Value) -> KindRole | None:
    written = value.text("")
    if not written:
        return None
    try:
        return KindRole(written)
    except ValueError:
        mend = f"{'、'.join(KindRole)} のどれかにするか、行を消してください"
        value.sheet.fault(value.line, f"stands_for の「{written}」は使えません", mend)
        return None
