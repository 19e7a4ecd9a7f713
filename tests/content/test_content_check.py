"""`content check` finds every fault in one run and says where it is and what to do. Each fault is planted here."""

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.bootstrap import THRESHOLDS
from bot.content.check.checker import Ask, check_content
from bot.content.check.content_counts import distinct, units
from bot.content.content_faults import Fault
from bot.content.read.catalog_reader import read_catalog
from bot.content.read.required import required_wording
from bot.domain.catalog import Catalog
from bot.domain.messages import Route
from bot.domain.understanding.normalise import squeeze
from bot.domain.understanding.understander import Understander
from bot.handlers.content.checks.evaluate import read_cases
from bot.handlers.conversation.answer_dry_run import answer_once
from bot.settings import SHIPPED_CONTENT
from tests.conftest import ROOT
from tests.support.manual_clock import TUESDAY_NOON

TODAY = date(2026, 11, 24)


def asking(understander: Understander) -> Callable[[Catalog], Ask]:
    """The shipped bot, whatever the folder: most faults are seen without asking."""

    def ask(text: str) -> tuple[Route, tuple[str, ...]]:
        reply = answer_once(understander, THRESHOLDS, text, TUESDAY_NOON).reply
        return reply.route, tuple(shown.id for shown in reply.entries)

    return lambda _catalog: ask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped content to spoil."""
    return Path(shutil.copytree(SHIPPED_CONTENT, tmp_path / "intents"))


def spoil(folder: Path, file: str, before: str, after: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert before in text, f"{before!r} is not in {file}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def faults_of(folder: Path, understander: Understander) -> list[Fault]:
    return check_content(folder, TODAY, asking(understander))


def test_the_shipped_content_has_no_fault(understander: Understander) -> None:
    assert [str(fault) for fault in check_content(SHIPPED_CONTENT, TODAY, asking(understander))] == []


PLANTED = [
    ("measures/measure-13.yaml", 'contact: "contact-shakyo"', 'contact: "contact-shakyou"', "contact-shakyou"),
    ("measures/measure-13.yaml", "reading: ", "reading_: ", "reading"),
    ("measures/measure-13.yaml", 'title: "雪との共生"', 'titel: "雪との共生"', "title"),
    ("measures/measure-01.yaml", "[[term-sns|", "[[term-esuenuesu|", "term-esuenuesu"),
    ("lines.yaml", 'phones: ["0134-32-4111"]', "phones: [0134-32-4111]", "引用符"),
    ("lines.yaml", 'phones: ["0120-061-338"]', 'phones: ["0120-556-338"]', "してはいけない番号"),
    ("lines.yaml", 'phones: ["0120-061-338"]', 'phones: ["0120 061 338"]', "読めません"),
    ("lines.yaml", '"9:00-12:30"', '"9時-12時半"', "時刻"),
    ("lines.yaml", 'days: ["weekdays"]', 'days: ["heijitsu"]', "heijitsu"),
    ("lines.yaml", 'use: "ship"', 'use: "shipp"', "shipp"),
    ("menu.yaml", "measure-13", "measure-31", "measure-31"),
    ("not-ours.yaml", 'line: "ota-city"', 'line: "ota-sity"', "ota-sity"),
    ("triage/crisis-lines.yaml", "nat-yorisoi", "nat-yorisoii", "nat-yorisoii"),
    ("kinds.yaml", 'lines: ["nat-118", "nat-119"]', "lines: []", "sea"),
    ("triage/crisis-lines.yaml", "no-voice:", "no-voise:", "no-voice"),
    ("kinds.yaml", 'lines: ["nat-110"]', 'lines: ["nat-111"]', "nat-111"),
    ("kinds.yaml", 'stands_for: "person"', 'stands_for: "persona"', "persona"),
    ("kinds.yaml", "ありがとうございます", "{name}さん、ありがとうございます", "{name}"),
    ("triage/rules.yaml", 'kind: "fire"', 'kind: "fier"', "kind"),
    ("wording.yaml", "ここではなく {tel:nat-119}", "ここではなく 119", "じかに"),
    ("wording.yaml", "ここではなく {tel:nat-119}", "ここではなく {tel:nat-911}", "nat-911"),
    ("wording.yaml", 'unknown: "', 'unknownn: "', "unknown"),
    ("wording.yaml", 'choice-person: "人と話す"', f'choice-person: "{"人" * 30}"', "長すぎ"),
    ("kinds.yaml", 'lead: "', f'lead: "{"あ" * 130}', "最初の番号"),
    ("measures/measure-13.yaml", 'lead: "', 'lead: "電話 0134-23-7847 へ。', "じかに"),
    ("duty.yaml", 'desk_line: "ota-tarusapo"', 'desk_line: "ota-tarusap"', "ota-tarusap"),
    ("plan.yaml", "period:", "  period:", "崩れて"),
]


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{row[0]}-{row[3]}" for row in PLANTED])
def test_a_planted_fault_is_found_at_its_place(
    folder: Path, understander: Understander, planted: tuple[str, str, str, str]
) -> None:
    file, before, after, said = planted
    spoil(folder, file, before, after)
    found = [fault for fault in faults_of(folder, understander) if said in fault.what + fault.mend]
    assert found
    assert found[0].file == file
    assert found[0].line >= 1
    assert found[0].mend


def test_all_faults_come_in_one_run(folder: Path, understander: Understander) -> None:
    spoil(folder, "menu.yaml", "measure-13", "measure-31")
    spoil(folder, "wording.yaml", 'unknown: "', 'unknownn: "')
    spoil(folder, "measures/measure-02.yaml", 'contact: "', 'contact: "x')
    files = {fault.file for fault in faults_of(folder, understander)}
    assert {"menu.yaml", "wording.yaml", "measures/measure-02.yaml"} <= files


def test_one_phrase_under_two_entries(folder: Path, understander: Understander) -> None:
    text = read_catalog(folder)[0].by_id["measure-01"].phrases[0]
    with (folder / "measures/measure-02.yaml").open("a", encoding="utf-8") as file:
        file.write(f'  - "{text}"\n')
    found = [fault for fault in faults_of(folder, understander) if "両方" in fault.what]
    assert [fault.file for fault in found] == ["measures/measure-02.yaml"]
    assert text in found[0].what


def test_an_entry_that_is_gone(folder: Path, understander: Understander) -> None:
    (folder / "measures/measure-07.yaml").unlink()
    assert any("measure-07" in fault.what for fault in faults_of(folder, understander))


def test_an_unreachable_entry_and_a_failing_check(folder: Path, understander: Understander) -> None:
    path = folder / "measures/measure-07.yaml"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"phrases:\n(?s:.*)", 'phrases:\n  - "zzz"\n', text), encoding="utf-8")
    spoil(folder, "checks/measure-13.yaml", "measure-13", "measure-02")
    said = [fault.what for fault in faults_of(folder, understander)]
    assert any("たどり着けません" in what for what in said)
    assert any("確かめの文" in what and "measure-02" in what for what in said)


def test_a_file_that_is_not_utf8(folder: Path, understander: Understander) -> None:
    (folder / "menu.yaml").write_bytes("- label: 雪".encode("cp932"))
    assert any(fault.file == "menu.yaml" and "UTF-8" in fault.what for fault in faults_of(folder, understander))


def test_every_sentence_the_code_says_is_required() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*") if path.suffix in {".py", ".html"})
    said = set(re.findall(r'say\(\s*"([a-z0-9-]+)"', code))
    beginnings = {name for name in said if name.endswith("-")}
    assert said - beginnings <= required_wording()
    assert all(any(name.startswith(begins) for name in required_wording()) for begins in beginnings)


def test_enough_phrases_that_count(understander: Understander) -> None:
    wanted = {"measure": 40, "term": 15, "contact": 15}
    counted = {entry.id: len(distinct(entry.phrases)) for entry in understander.catalog.entries}
    assert {name: n for name, n in counted.items() if n < wanted[name.split("-")[0]]} == {}
    assert len(understander.catalog.not_ours) >= 90


def test_no_phrase_is_a_message_of_a_set(understander: Understander) -> None:
    """Whoever learns the questions of the test by heart has not learned to understand."""
    catalog = understander.catalog
    files = [*(ROOT / "data" / "cases").glob("*.jsonl")]
    shared = ROOT.parent / "shared" / "cases" / "dev.jsonl"
    files += [shared] if shared.exists() else []
    asked = {squeeze(case.text) for file in files for case in read_cases(file)}
    asked |= {squeeze(check.text) for check in catalog.checks}
    taught = [phrase for entry in catalog.entries for phrase in (*entry.phrases, *entry.situations)]
    taught += [phrase for subject in catalog.not_ours for phrase in subject.phrases]
    taught += [phrase for kind in catalog.smalltalk for phrase in kind.phrases]
    taught += [phrase for signal in catalog.signals for phrase in signal.phrases]
    assert files
    assert [phrase for phrase in taught if squeeze(phrase) and squeeze(phrase) in asked] == []


def test_units_are_those_of_line() -> None:
    assert units("あ") == 1
    assert units("🙂") == 2
