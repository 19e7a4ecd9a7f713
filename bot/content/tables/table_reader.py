"""Turn the rows of a table into changes of cards, or into faults in Japanese; with any fault nothing is imported."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.content.cards.card_kinds import Field, Holds, Shape
from bot.content.cards.cards import CardRef, Values, cards_of, name_of
from bot.content.content_files import Files
from bot.content.read.hours_reader import HoursTextError, hours_from_text
from bot.content.tables.table_files import Numbered
from bot.content.tables.tables import DELETE, ITEM, NAME, PHRASE, SheetKind, cell_of, files_of_sheet, item_of
from bot.content.yaml.yaml_form import Data

LONGEST_PHRASE = 400
_PHONES = "電話番号"
_YES = {"はい", "yes", "1", "○", "〇"}
_PHONE = re.compile(r"^(?:#\d{4}|\d{3}|0\d{1,4}-\d{1,4}-\d{3,5}|0\d{2,3}-\d{6})(?:[(（]内線[\d・]+[)）])?$")


@dataclass(frozen=True, order=True)
class RowFault:
    """The fault of a row: sheet, row number in the file, what is wrong, what to do."""

    sheet: str
    row: int
    what: str
    mend: str


@dataclass
class TableReading:
    """Changes requested by a file of tables: cards with their new fields (None: deleted), and every fault."""

    files: Files
    changes: dict[CardRef, Values | None] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)

    def read(self, tables: Mapping[SheetKind, Sequence[Numbered]]) -> None:
        for sheet, rows in tables.items():
            names = {item_of(file): file for file in files_of_sheet(self.files, sheet)}
            reading = _SheetReading(self, sheet, names, set(), {})
            for number, row in rows:
                reading.row(number, row)


@dataclass(frozen=True)
class _SheetReading:
    """One sheet. `seen`: cards named by earlier rows; `read`: cards by file."""

    reading: TableReading
    sheet: SheetKind
    items: Mapping[str, str]
    seen: set[tuple[str, str]]
    read: dict[str, dict[str, Values]]

    def row(self, number: int, row: Mapping[str, object]) -> None:
        file = self._file(number, row)
        if not file:
            return
        if self.sheet.phrases:
            self._phrase(number, row, file)
        else:
            self._card(number, row, file)

    def _file(self, number: int, row: Mapping[str, object]) -> str:
        if ITEM not in self.sheet.headers:
            return self.sheet.files[0]
        named = self._text(number, row, ITEM)
        if named and named not in self.items:
            self._fault(number, f"項目「{named}」がありません", "書き出した表と同じ名前を書いてください")
        elif not named:
            self._fault(number, "項目が空です", "どの項目の行かを書いてください")
        return self.items.get(named, "")

    def _cards(self, file: str) -> dict[str, Values]:
        """Each file is read once."""
        if file not in self.read:
            self.read[file] = cards_of(self.reading.files, file)
        return self.read[file]

    def _phrase(self, number: int, row: Mapping[str, object], file: str) -> None:
        phrase = self._text(number, row, PHRASE).replace("\n", " ")
        if not phrase:
            self._fault(number, "言い方が空です", "文を書くか、行を消してください")
        elif len(phrase) > LONGEST_PHRASE:
            self._fault(number, f"言い方が長すぎます（{len(phrase)}字）", f"{LONGEST_PHRASE}字までにしてください")
        elif self._is_duplicate(number, file, phrase):
            return
        else:
            place = CardRef(file)
            had = self._cards(file)[""].get("phrases", [])
            before = (self.reading.changes.get(place) or {}).get("phrases", had)
            phrases: list[Data] = list(before) if isinstance(before, list) else []
            if self._is_deleted(row) and phrase in phrases:
                phrases.remove(phrase)
            elif not self._is_deleted(row) and phrase not in phrases:
                phrases.append(phrase)
            if phrases != before:
                self.reading.changes[place] = {**(self.reading.changes.get(place) or {}), "phrases": phrases}

    def _card(self, number: int, row: Mapping[str, object], file: str) -> None:
        kind = self.sheet.kind
        naming = {f.name: self._text(number, row, f.label) for f in kind.fields if f.name in kind.named_by}
        name = self._text(number, row, NAME) if kind.holds is Holds.KEYS else name_of(kind, naming)
        if kind.holds is not Holds.ONE and not name.strip(" /"):
            self._fault(number, "名前の欄が空です", "書き出した表と同じ名前を書いてください")
            return
        if self._is_duplicate(number, file, name):
            return
        now = self._cards(file).get(name)
        if now is None and not kind.grows:
            self._fault(number, f"「{name}」がありません", "名前は変えられません。書き出した表と同じにしてください")
            return
        if self._is_deleted(row):
            if now is not None:
                self.reading.changes[CardRef(file, name)] = None
            return
        was = now or {}
        fields = {f.name: self._value(number, row, f, was.get(f.name, "")) for f in self.sheet.fields}
        given = {key: value for key, value in fields.items() if value or key in was}
        if now is None or any(now.get(key) != value for key, value in given.items()):
            before = self.reading.changes.get(CardRef(file, name)) or {}
            self.reading.changes[CardRef(file, name)] = {**before, **({} if now else naming), **given}

    def _value(self, number: int, row: Mapping[str, object], of: Field, now: Data) -> Data:
        """A cell as a value; for an unchanged cell, the value exactly as it is in the file."""
        if of.label not in row:
            return now
        text = self._text(number, row, of.label)
        if text == cell_of(of, now).strip():
            return now
        if of.shape is Shape.HOURS:
            return self._hours(number, text)
        if of.shape is Shape.LIST:
            values = [line.strip() for line in text.split("\n") if line.strip()]
            self._check_phones(number, of, values)
            return list(dict.fromkeys(values))
        self._check(number, of, text)
        return text

    def _hours(self, number: int, text: str) -> Data:
        try:
            return hours_from_text(text)
        except HoursTextError as error:
            mend = "「平日 9:00-17:00；土 10:00-12:00」の形で書いてください"
            self._fault(number, f"受付時間「{error}」が読めません", mend)
            return {}

    def _check(self, number: int, of: Field, text: str) -> None:
        if of.shape is Shape.CHOICE and text not in dict(of.choices):
            mend = f"{'、'.join(dict(of.choices))} のどれかにしてください"
            self._fault(number, f"{of.label}の「{text}」は使えません", mend)
        if of.shape is Shape.DAY and text:
            try:
                date.fromisoformat(text)
            except ValueError:
                self._fault(number, f"{of.label}の日付「{text}」が読めません", "2027-03-31 の形で書いてください")

    def _check_phones(self, number: int, of: Field, values: list[str]) -> None:
        for phone in values if of.name == "phones" else ():
            if not _PHONE.match(phone):
                mend = "0134-32-4111 の形で、文字として書いてください"
                self._fault(number, f"電話番号「{phone}」の書き方が読めません", mend)

    def _text(self, number: int, row: Mapping[str, object], header: str) -> str:
        value = row.get(header, "")
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool) and header != _PHONES:
            return str(value)
        self._fault(
            number, f"{header}が、文字ではなく数や式になっています", "セルを「文字列」にして、書き直してください"
        )
        return ""

    def _is_deleted(self, row: Mapping[str, object]) -> bool:
        return str(row.get(DELETE, "")).strip() in _YES

    def _is_duplicate(self, number: int, file: str, name: str) -> bool:
        if (file, name) in self.seen:
            self._fault(number, f"「{name or item_of(file)}」が二回あります", "どちらか一つの行を消してください")
            return True
        self.seen.add((file, name))
        return False

    def _fault(self, number: int, what: str, mend: str) -> None:
        self.reading.faults.append(RowFault(self.sheet.name, number, what, mend))
