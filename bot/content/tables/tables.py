"""The content as an office's tables: the sheets and their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from bot.content.cards.card_kinds import CardKind, Field, Holds, Shape, kind_of
from bot.content.cards.cards import Values, cards_of
from bot.content.content_files import Files
from bot.content.read.hours_reader import hours_text
from bot.content.yaml.yaml_form import Data

DELETE = "消す（はい）"
ITEM = "項目"
"""The column that names the file of a row, in a sheet of several files."""
NAME = "名前"
PHRASE = "言い方"
_ESCAPED = tuple("=+-@'\t\r")

Row = dict[str, str]
"""Text by header."""


@dataclass(frozen=True)
class SheetKind:
    """One sheet. `files`: the files of its cards. `phrases`: one row per phrase instead of one per card."""

    name: str
    files: tuple[str, ...]
    phrases: bool = False

    @property
    def kind(self) -> CardKind:
        kind = kind_of(self.files[0].replace("*", "x"))
        if kind is None:
            raise LookupError(self.files[0])
        return kind

    @property
    def fields(self) -> tuple[Field, ...]:
        """The editable columns, without those that name a row."""
        if self.phrases:
            return ()
        fields = (field for field in self.kind.fields if field.shape is not Shape.SHOWN)
        return tuple(
            field for field in fields if field.name not in self.kind.named_by and not self._has_own_sheet(field)
        )

    @property
    def headers(self) -> list[str]:
        names = [ITEM] if self.kind.holds is Holds.ONE or "*" in self.files[0] else []
        names += [NAME] if self.kind.holds is Holds.KEYS else []
        names += [field.label for field in self.kind.fields if field.name in self.kind.named_by]
        names += [PHRASE] if self.phrases else [field.label for field in self.fields]
        return names + [DELETE] * (self.phrases or self.kind.grows)

    def _has_own_sheet(self, field: Field) -> bool:
        """Whether another sheet holds the field: the phrases of entries have their own."""
        return field.name == "phrases" and self.kind.holds is Holds.ONE


_ENTRIES = ("measures/*.yaml", "terms/*.yaml", "contacts/*.yaml")
SHEETS = (
    SheetKind("項目", _ENTRIES),
    SheetKind("市民の言い方", _ENTRIES, phrases=True),
    SheetKind("電話", ("lines.yaml",)),
    SheetKind("ことば", ("wording.yaml",)),
    SheetKind("言いかえ", ("synonyms.yaml",)),
    SheetKind("計画の外", ("not-ours.yaml",)),
    SheetKind("あいさつ", ("smalltalk.yaml",)),
    SheetKind("確かめの文", ("checks/*.yaml",)),
    SheetKind("気づくべき文", ("safety.yaml",)),
    SheetKind("危険の種類", ("kinds.yaml",)),
    SheetKind("危険のことば", ("triage/words.yaml",)),
)


def table_of(files: Files, sheet: SheetKind) -> list[Row]:
    return [row for file in files_of_sheet(files, sheet) for row in _rows(files, sheet, file)]


def files_of_sheet(files: Files, sheet: SheetKind) -> list[str]:
    return sorted(file for file in files if any(fnmatchcase(file, pattern) for pattern in sheet.files))


def item_of(file: str) -> str:
    """The name of a file in the column `ITEM`."""
    return PurePosixPath(file).stem


def cell_of(field: Field, value: Data) -> str:
    if field.shape is Shape.HOURS:
        return hours_text(value)
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def escaped(text: str) -> str:
    """A cell that no program mistakes for a formula."""
    return f"'{text}" if text.startswith(_ESCAPED) else text


def unescaped(text: str) -> str:
    return text.removeprefix("'")


def _rows(files: Files, sheet: SheetKind, file: str) -> Iterator[Row]:
    item = {ITEM: item_of(file)} if ITEM in sheet.headers else {}
    for name, values in cards_of(files, file).items():
        if sheet.phrases:
            phrases = values.get("phrases", [])
            yield from ({**item, PHRASE: str(phrase), DELETE: ""} for phrase in phrases)
        else:
            yield {**item, **_named(sheet, name, values), **_cells(sheet, values)}


def _named(sheet: SheetKind, name: str, values: Values) -> Row:
    if sheet.kind.holds is Holds.KEYS:
        return {NAME: name}
    naming = (field for field in sheet.kind.fields if field.name in sheet.kind.named_by)
    return {field.label: str(values.get(field.name, "")) for field in naming}


def _cells(sheet: SheetKind, values: Values) -> Row:
    cells = {field.label: cell_of(field, values.get(field.name, "")) for field in sheet.fields}
    return cells | ({DELETE: ""} if DELETE in sheet.headers else {})
