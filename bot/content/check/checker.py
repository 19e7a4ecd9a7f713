"""`content check`: every fault of the content in one run, with file, line and remedy."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from bot.content.check.content_counts import distinct, units
from bot.content.check.kinds_check import kind_faults, misplaced
from bot.content.check.unsafe_edits import safety_faults
from bot.content.content_faults import Fault
from bot.content.content_files import Files, files_in
from bot.content.read.catalog_reader import ENTRY_FOLDERS, catalog_of
from bot.content.read.kinds_reader import KINDS
from bot.content.read.required import ENTRY_IDS, EXAMPLE_ROUTES, NOT_KINDS, PLACEHOLDERS, required_wording
from bot.content.yaml.line_numbers import LineNumbers
from bot.content.yaml.yaml_nodes import misshapen
from bot.domain.catalog import Catalog, Entry, Line, Use
from bot.domain.messages import Route
from bot.domain.understanding.normalise import squeeze
from bot.domain.wording import PLACEHOLDER

PHRASES_WANTED = {"measure": 40, "term": 15, "contact": 15}
CHECKS_WANTED = 5
BUTTON_UNITS = 20
"""A LINE quick reply's label, in UTF-16 units."""
MESSAGE_UNITS = 5000
"""A LINE text message."""
BEFORE_FIRST_NUMBER = 120

_PHONE = re.compile(
    r"(?<![\d-])(?:0\d{1,4}-\d{1,4}-\d{3,5}|0\d{2,3}-\d{6}|0\d{9,10}|#\d{4}|1[01][0189](?!\d)|18[89](?!\d))(?![\d-])"
)
_WRITTEN_PHONE = re.compile(r"^(?:#\d{4}|\d{3}|0\d{1,4}-\d{1,4}-\d{3,5}|0\d{2,3}-\d{6})(?:[(（]内線[\d・]+[)）])?$")
_HIRAGANA = re.compile(r"^[ぁ-ゖーA-Za-z0-9・「」（）\s]+$")
_LINK = re.compile(r"\[\[([^|\]]*)\|")

Ask = Callable[[str], tuple[Route, tuple[str, ...]]]


@dataclass(frozen=True)
class Checking:
    """One check of one folder."""

    catalog: Catalog
    numbers: LineNumbers
    today: date

    def faults(self) -> Iterable[Fault]:
        """Faults found without asking the bot."""
        yield from self._entries()
        yield from self._phrases()
        yield from self._lines()
        yield from self._other_files()
        yield from self._texts()
        yield from self._triage()

    def answer_faults(self, ask: Ask) -> Iterable[Fault]:
        """Faults found by asking the bot: unreachable entries, failed checks."""
        for entry in self.catalog.entries:
            if entry.phrases and not any(ask(phrase)[1][:1] == (entry.id,) for phrase in entry.phrases[:10]):
                yield self._fault(
                    entry,
                    entry.id,
                    "この項目には、自分の言い方でもたどり着けません",
                    "ほかの項目と違う言い方を足してください",
                )
        for check in self.catalog.checks:
            route, entries = ask(check.text)
            if route not in {Route.ANSWER, Route.CLARIFY} or not set(entries) & set(check.accept):
                first = entries[0] if entries else route
                what = f"確かめの文「{check.text}」の答えが「{first}」になります（正しくは {'、'.join(check.accept)}）"
                yield Fault(
                    check.file, check.line, what, "正しい項目の phrases に、似た場面の別の言い方を足してください"
                )

    # --- parts -----------------------------------------------------------------------------------------------

    def _entries(self) -> Iterable[Fault]:
        written = [entry.id for entry in self.catalog.entries]
        for name in sorted(ENTRY_IDS - set(written)):
            yield Fault(
                f"{name.split('-')[0]}s/{name}.yaml", 1, f"項目 {name} がありません", "ファイルを元に戻してください"
            )
        for entry in self.catalog.entries:
            if entry.id not in ENTRY_IDS or written.count(entry.id) > 1:
                yield self._fault(
                    entry,
                    entry.id,
                    f"id「{entry.id}」は使えないか、二回あります",
                    "id はファイル名と同じにし、変えないでください",
                )
            if not entry.reading or not _HIRAGANA.match(entry.reading):
                yield self._fault(
                    entry,
                    "reading",
                    "よみ（reading）がないか、ひらがなではありません",
                    "題名のよみをひらがなで書いてください",
                )
            yield from self._known_ids(entry)
            yield from self._wanted(entry)

    def _known_ids(self, entry: Entry) -> Iterable[Fault]:
        for name in filter(None, (entry.contact, entry.second_contact)):
            if name not in self.catalog.by_id or not name.startswith("contact-"):
                yield self._fault(
                    entry, name, f"連絡先「{name}」がありません", "contact- で始まる項目の id を書いてください"
                )
        for name in entry.lines:
            if name.startswith("contact-") and name in self.catalog.by_id:
                continue
            if name not in self.catalog.lines:
                yield self._fault(
                    entry, name, f"電話「{name}」が lines.yaml にありません", "lines.yaml の id を書いてください"
                )
            elif self.catalog.lines[name].use is Use.NEVER:
                yield self._fault(
                    entry, name, f"電話「{name}」は案内してはいけない番号です", "ほかの電話にしてください"
                )
        for action in entry.actions:
            for term in _LINK.findall(action.text):
                if term not in self.catalog.by_id:
                    yield self._fault(
                        entry, term, f"用語「{term}」がありません", "[[用語のid|ことば]] の id を直してください"
                    )

    def _wanted(self, entry: Entry) -> Iterable[Fault]:
        wanted, counted = PHRASES_WANTED[entry.kind], len(distinct(entry.phrases))
        if counted < wanted:
            what = f"言い方が{counted}個です（似たものは一つと数えます）。{wanted}個いります"
            yield self._fault(entry, "phrases:", what, "ことなる場面の言い方を足してください")
        checks = sum(1 for check in self.catalog.checks if check.entry == entry.id)
        if checks < CHECKS_WANTED:
            yield Fault(
                f"checks/{entry.id}.yaml", 1, f"確かめの文が{checks}個です", f"{CHECKS_WANTED}個以上書いてください"
            )

    def _phrases(self) -> Iterable[Fault]:
        """The same phrase under two owners: whichever is meant, the other is wrong."""
        owners: dict[str, str] = {}
        for owner, phrase in self._owned_phrases():
            other = owners.setdefault(squeeze(phrase) or phrase, owner)
            if other != owner:
                file, line = self.numbers.find(phrase, near=owner)
                yield Fault(
                    file, line, f"「{phrase}」が {other} と {owner} の両方にあります", "どちらか一つから消してください"
                )

    def _owned_phrases(self) -> Iterable[tuple[str, str]]:
        for entry in self.catalog.entries:
            yield from ((entry.id, phrase) for phrase in entry.phrases)
        for subject in self.catalog.not_ours:
            yield from ((subject.id, phrase) for phrase in subject.phrases)
        for kind in self.catalog.smalltalk:
            yield from ((kind.id, phrase) for phrase in kind.phrases)

    def _lines(self) -> Iterable[Fault]:
        never = {phone for line in self.catalog.lines.values() if line.use is Use.NEVER for phone in line.phones}
        for line in self.catalog.lines.values():
            for phone in line.phones:
                if not _WRITTEN_PHONE.match(phone):
                    yield self._line_fault(
                        line, f"番号「{phone}」の書き方が読めません", '"0134-32-4111" の形で書いてください'
                    )
                if line.use is not Use.NEVER and phone in never:
                    yield self._line_fault(
                        line, f"番号「{phone}」は案内してはいけない番号です", "正しい番号を確かめてください"
                    )
            if line.use in {Use.SHIP, Use.UNCONFIRMED} and not line.source:
                yield self._line_fault(line, "番号の出どころ（source）がありません", "どこで確かめたかを書いてください")
            if line.use is Use.CONFIRMED and not (line.checked_by and re.match(r"\d{4}-\d{2}", line.checked_on)):
                yield self._line_fault(
                    line, "誰がいつ確かめたかがありません", "checked_by と checked_on（2026-12-01）を書いてください"
                )

    def _other_files(self) -> Iterable[Fault]:
        for item in self.catalog.menu:
            for name in item.entries:
                yield from self._known(name in self.catalog.by_id, "menu.yaml", name)
        for subject in self.catalog.not_ours:
            yield from self._known(
                not subject.line or subject.line in self.catalog.lines, "not-ours.yaml", subject.line
            )
        for names in self.catalog.crisis_lines.values():
            for name in names:
                known = name in self.catalog.lines and self.catalog.lines[name].may_be_said(self.today)
                yield from self._known(known, "triage/crisis-lines.yaml", name)
        for name in (self.catalog.duty.desk_line, self.catalog.duty.switchboard):
            yield from self._known(name in self.catalog.lines, "duty.yaml", name)
        for check in self.catalog.checks:
            for name in check.accept:
                yield from self._known(name in self.catalog.by_id, check.file, name)
        for example in self.catalog.signals:
            urgency = self.catalog.kinds[example.kind].urgency if example.kind in self.catalog.kinds else ""
            known = example.route in EXAMPLE_ROUTES and example.route in {"other", urgency}
            yield from self._known(known, "triage/examples.yaml", example.kind)

    def _known(self, known: bool, file: str, name: str) -> Iterable[Fault]:  # noqa: FBT001 -- private
        if not known:
            yield Fault(
                file,
                self.numbers.line_of(file, name),
                f"「{name}」という id がないか、案内できません",
                "id を直してください",
            )

    def _texts(self) -> Iterable[Fault]:
        for key in sorted(required_wording() - set(self.catalog.wording)):
            yield Fault("wording.yaml", 1, f"ことば「{key}」がありません", "行を元に戻してください")
        for key, sentence in self.catalog.wording.items():
            yield from self._filled("wording.yaml", self.numbers.line_of("wording.yaml", f"{key}:"), key, sentence)
        for key, sentence in self.catalog.kinds.sentences.items():
            yield from self._filled(KINDS, self.numbers.line_of(KINDS, sentence), key, sentence, frozenset({"tel"}))
        for entry in self.catalog.entries:
            for text in (entry.lead, entry.easy, entry.helper_lead, entry.note, *entry.call, *entry.helper_call):
                yield from self._sentence(
                    self.numbers.file_of(entry.id), self.numbers.line_of(self.numbers.file_of(entry.id), text), text
                )
        for label in self._labels():
            if units(label) > BUTTON_UNITS:
                file, line = self.numbers.find(label)
                yield Fault(file, line, f"ボタン「{label}」が長すぎます", f"{BUTTON_UNITS}字以内にしてください")

    def _filled(
        self, file: str, line: int, key: str, sentence: str, places: frozenset[str] = PLACEHOLDERS
    ) -> Iterable[Fault]:
        """Faults of a sentence with placeholders. `places`: the names allowed."""
        yield from self._sentence(file, line, sentence)
        for name, of in PLACEHOLDER.findall(sentence):
            if name not in places or (name == "tel" and not self._may_be_said(of)):
                what = f"{{{name}{':' * bool(of)}{of}}} は使えません"
                yield Fault(file, line, what, "元の { } に戻してください")
        if key.startswith("emergency-") and len(sentence.split("{tel:", maxsplit=1)[0]) > BEFORE_FIRST_NUMBER:
            yield Fault(file, line, "最初の番号までが長すぎます", f"{BEFORE_FIRST_NUMBER}字以内にしてください")

    def _sentence(self, file: str, line: int, text: str) -> Iterable[Fault]:
        if units(text) > MESSAGE_UNITS:
            yield Fault(file, line, "文が長すぎて LINE で送れません", f"{MESSAGE_UNITS}字以内にしてください")
        for phone in _PHONE.findall(text):
            yield Fault(
                file,
                line,
                f"文の中に番号「{phone}」がじかに書かれています",
                "{tel:電話のid} と書くか、lines: に電話の id を書いてください",
            )

    def _may_be_said(self, name: str) -> bool:
        return name in self.catalog.lines and self.catalog.lines[name].may_be_said(self.today)

    def _labels(self) -> list[str]:
        own = [text for key, text in self.catalog.wording.items() if key.startswith(("choice-", "actor-"))]
        return [*(entry.button for entry in self.catalog.entries), *(item.label for item in self.catalog.menu), *own]

    def _triage(self) -> Iterable[Fault]:
        for name in NOT_KINDS:
            if name not in self.catalog.crisis_lines:
                yield Fault("triage/crisis-lines.yaml", 1, f"「{name}」の電話がありません", "行を足してください")
        yield from kind_faults(self.catalog, self.numbers, self.today)
        for label in self._labels():
            if self.catalog.triage.read(label) and label != self.catalog.wording.get("choice-person"):
                file, line = self.numbers.find(label)
                yield Fault(file, line, f"ボタン「{label}」が、危険のことばに当たります", "ほかの言い方にしてください")

    def _fault(self, entry: Entry, needle: str, what: str, mend: str) -> Fault:
        file = self.numbers.file_of(entry.id)
        return Fault(file, self.numbers.line_of(file, needle), what, mend)

    def _line_fault(self, line: Line, what: str, mend: str) -> Fault:
        return Fault("lines.yaml", self.numbers.line_of("lines.yaml", f'"{line.id}"'), what, mend)


def check_content(root: Path, today: date, ask_of: Callable[[Catalog], Ask]) -> list[Fault]:
    """All faults of a folder, sorted by file and line."""
    return check_files(files_in(root), today, ask_of)


def check_files(
    files: Files, today: date, ask_of: Callable[[Catalog], Ask], shipped: Files = MappingProxyType({})
) -> list[Fault]:
    """All faults, sorted by file and line. `ask_of` builds the bot, which is asked only if the form is right.

    `shipped`: the content of this version, parts of which must stay.
    """
    catalog, faults = catalog_of(files)
    checking = Checking(catalog, LineNumbers.of(files, ENTRY_FOLDERS), today)
    if not faults:
        faults += checking.faults()
        faults += misshapen(files)
        faults += misplaced(catalog, files)
        faults += safety_faults(catalog, files, shipped) if shipped else ()
    if not any(fault.file.startswith(("triage/", "lines", KINDS)) for fault in faults) and catalog.entries:
        faults += checking.answer_faults(ask_of(catalog))
    return sorted(set(faults))
