"""Read `intents/` into a `Catalog`, collecting every fault of form; `checker` checks the meaning."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import MappingProxyType

from bot.content.content_faults import Fault
from bot.content.content_files import Files, files_in
from bot.content.read.kinds_reader import KINDS, kinds_of, own_examples
from bot.content.read.retention_reader import read_retention
from bot.content.read.triage_reader import triage_of
from bot.content.yaml.yaml_nodes import Value, read_yaml
from bot.domain.catalog import (
    Action,
    Actor,
    CannedText,
    Catalog,
    Check,
    Duty,
    Entry,
    Goal,
    Line,
    MenuItem,
    NotOurs,
    Plan,
    Publishing,
    SafetyCase,
    SignalExamples,
    Smalltalk,
    Use,
)
from bot.domain.messages import Route
from bot.domain.opening_hours import DAY_NAMES, WEEKDAYS, OpeningHours, Period, SpecialDay

ENTRY_FOLDERS = ("measures", "terms", "contacts")
_ENTRY_PLACES = tuple(f"{folder}/" for folder in ENTRY_FOLDERS)
_TIMES = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")
_DAY_GROUPS = {
    "every-day": frozenset((*WEEKDAYS, "holiday", "year-end")),
    "weekdays": frozenset(WEEKDAYS[:5]),
    "weekend": frozenset(WEEKDAYS[5:]),
}


def read_catalog(root: Path) -> tuple[Catalog, list[Fault]]:
    """The catalog of a folder and its faults, as in `catalog_of`."""
    return catalog_of(files_in(root))


def catalog_of(files: Files) -> tuple[Catalog, list[Fault]]:
    """The catalog, as complete as possible, and the faults of form found while reading."""
    faults: list[Fault] = []

    def sheet(name: str) -> Value:
        return read_yaml(files, name, faults)

    entries = tuple(_entry(sheet(name)) for name in files if name.startswith(_ENTRY_PLACES))
    wording = sheet("wording.yaml")
    crisis = sheet("triage/crisis-lines.yaml")
    listed = sheet(KINDS)
    kinds = kinds_of(listed)
    catalog = Catalog(
        entries=entries,
        lines=MappingProxyType({line.id: line for line in map(_line, sheet("lines.yaml"))}),
        not_ours=tuple(map(_not_ours, sheet("not-ours.yaml"))),
        smalltalk=tuple(map(_smalltalk, sheet("smalltalk.yaml"))),
        menu=tuple(map(_menu_item, sheet("menu.yaml"))),
        synonyms=tuple((row["from"].text(), row["to"].text()) for row in sheet("synonyms.yaml")),
        wording=MappingProxyType({key: value.text() for key, value in wording.items()}),
        says=MappingProxyType({key: value.texts() for key, value in sheet("follow-ups.yaml").items()}),
        triage=triage_of(sheet("triage/rules.yaml"), sheet("triage/words.yaml"), listed, kinds),
        signals=(*map(_signal_examples, sheet("triage/examples.yaml")), *own_examples(listed, kinds)),
        crisis_lines=MappingProxyType({key: value.texts() for key, value in crisis.items()}),
        plan=_plan(sheet("plan.yaml")),
        duty=_duty(sheet("duty.yaml")),
        retention=read_retention(sheet("retention.yaml")),
        canned=tuple(CannedText(row["label"].text(), row["text"].text()) for row in sheet("canned.yaml")),
        checks=tuple(check for name in files if name.startswith("checks/") for check in _checks(sheet(name))),
        safety=tuple(_safety(sheet("safety.yaml"))),
        publishing=_publishing(sheet("publishing.yaml")),
    )
    return catalog, faults


def _entry(sheet: Value) -> Entry:
    return Entry(
        id=sheet["id"].text(),
        title=sheet["title"].text(),
        reading=sheet["reading"].text(),
        button=sheet["button"].text(),
        lead=sheet["lead"].text(),
        easy=sheet["easy"].text(),
        call=sheet["call"].texts(),
        helper_lead=sheet["helper_lead"].text(""),
        helper_call=sheet["helper_call"].texts(),
        contact=sheet["contact"].text(),
        second_contact=sheet["second_contact"].text(""),
        lines=sheet["lines"].texts(),
        situations=sheet["situations"].texts(),
        note=sheet["note"].text(""),
        phrases=sheet["phrases"].texts(),
        goal=sheet["goal"].number(0),
        source_title=sheet["source_title"].text(""),
        actions=tuple(Action(actor, text) for actor in Actor for text in sheet["actions"][actor.value].texts()),
        definition=sheet["definition"].text(""),
    )


def _line(row: Value) -> Line:
    for phone in row["phones"]:
        if not phone.is_quoted:
            row.sheet.fault(
                phone.line, "電話番号が引用符で囲まれていません", '"0134-32-4111" のように「"」で囲んでください'
            )
    return Line(
        id=row["id"].text(),
        name=row["name"].text(),
        phones=row["phones"].texts(),
        hours=_hours(row["hours"]),
        hours_text=row["hours_text"].text(""),
        cost=row["cost"].text(""),
        audience=row["audience"].text(""),
        area=row["area"].text(""),
        use=_use(row["use"]),
        source=row["source"].text(""),
        checked_on=row["checked_on"].text(""),
        checked_by=row["checked_by"].text(""),
        valid_until=_day(row["valid_until"]),
        link=row["link"].text(""),
        evidence=row["evidence"].text(""),
        note=row["note"].text(""),
    )


def _use(value: Value) -> Use:
    try:
        return Use(value.text())
    except ValueError:
        choices = "、".join(Use)
        value.sheet.fault(value.line, f"use の「{value.text()}」は使えません", f"{choices} のどれかにしてください")
        return Use.NEVER


def _day(value: Value) -> date | None:
    if value.is_blank:
        return None
    try:
        return date.fromisoformat(value.text())
    except ValueError:
        value.sheet.fault(value.line, f"日付「{value.text()}」が読めません", "2027-03-31 の形で書いてください")
        return None


def _hours(value: Value) -> OpeningHours:
    return OpeningHours(
        periods=tuple(period for row in value["periods"] for period in _periods(row)),
        unsure=_days(value["unsure"]),
        special=MappingProxyType(dict(_special_days(value["special"]))),
    )


def _special_days(value: Value) -> Iterable[tuple[date, SpecialDay]]:
    """Days with exceptional hours; closed if there are no times."""
    for row in value:
        day = _day(row["day"])
        times = tuple((period.start, period.end) for period in _timed(row["times"], frozenset()))
        if day:
            yield day, SpecialDay(times, row["reason"].text(""))


def _periods(row: Value) -> Iterable[Period]:
    yield from _timed(row["times"], _days(row["days"]))


def _timed(value: Value, days: frozenset[str]) -> Iterable[Period]:
    for times in value:
        match = _TIMES.match(times.text())
        start, end = _minutes(match) if match else (0, 0)
        if start < end:
            yield Period(days, start, end)
        else:
            mend = "9:00-17:00 の形で書いてください。翌朝までは 19:00-32:00 のように24を足します"
            times.sheet.fault(times.line, f"時刻「{times.text()}」が読めません", mend)


def _minutes(match: re.Match[str]) -> tuple[int, int]:
    first_hour, first_minute, last_hour, last_minute = map(int, match.groups())
    return first_hour * 60 + first_minute, last_hour * 60 + last_minute


def _days(value: Value) -> frozenset[str]:
    days: set[str] = set()
    for day in value:
        name = day.text()
        if name not in DAY_NAMES and name not in _DAY_GROUPS:
            day.sheet.fault(
                day.line,
                f"曜日「{name}」が分かりません",
                "mon…sun、weekdays、holiday、year-end、day-10 などで書いてください",
            )
        days |= _DAY_GROUPS.get(name, frozenset((name,)))
    return frozenset(days)


def _not_ours(row: Value) -> NotOurs:
    return NotOurs(
        row["id"].text(), row["title"].text(), row["instead"].text(), row["line"].text(""), row["phrases"].texts()
    )


def _smalltalk(row: Value) -> Smalltalk:
    return Smalltalk(row["id"].text(), row["reply"].text(), row["phrases"].texts())


def _signal_examples(row: Value) -> SignalExamples:
    return SignalExamples(row["route"].text(), row["kind"].text(), row["phrases"].texts())


def _menu_item(row: Value) -> MenuItem:
    return MenuItem(row["label"].text(), row["question"].text(), row["entries"].texts())


def _plan(sheet: Value) -> Plan:
    return Plan(
        title=sheet["title"].text(),
        edition=sheet["edition"].text(),
        idea=sheet["idea"].text(),
        goals=tuple(
            Goal(goal["number"].number(0), goal["title"].text(), goal["text"].text()) for goal in sheet["goals"]
        ),
        standing=sheet["standing"].text(),
        period=sheet["period"].text(),
        ends_on=_day(sheet["ends_on"]),
        publishers=sheet["publishers"].texts(),
    )


def _duty(sheet: Value) -> Duty:
    return Duty(
        hours=_hours(sheet["hours"]),
        desk_line=sheet["desk_line"].text(),
        switchboard=sheet["switchboard"].text(),
        promise_minutes=sheet["promise_minutes"].number(120),
        same_case_days=sheet["same_case_days"].number(7),
    )


def _checks(sheet: Value) -> Iterable[Check]:
    for row in sheet:
        accept = row["accept"].texts()
        yield Check(sheet.name, row["text"].text(), accept or (sheet.name,), row.sheet.name, row.line)


def _safety(sheet: Value) -> Iterable[SafetyCase]:
    for row in sheet:
        written = row["route"].text()
        if written in {Route.EMERGENCY, Route.DESK}:
            yield SafetyCase(row["text"].text(), Route(written))
        else:
            row.sheet.fault(row.line, f"route の「{written}」は使えません", "emergency か desk にしてください")


def _publishing(sheet: Value) -> Publishing:
    return Publishing(sheet["second_reader"].text("yes") != "no", sheet["most_drop"].number(1))
