"""Excel and CSV: tables to bytes and back. Every cell is text, so that a number keeps its leading zero."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from bot.content.tables.tables import DELETE, SHEETS, Row, SheetKind, escaped, unescaped

MOST_ROWS = 60_000
_MOST_COLUMNS = 40
_MOST_BYTES_UNPACKED = 200_000_000
_WIDTH = 24

Numbered = tuple[int, Mapping[str, object]]
"""A row with its number in the file (the headers are 1), and its cells as read."""


class TableError(Exception):
    """A file cannot be read as a table at all; the message says why, in Japanese."""


def write_workbook(tables: Mapping[str, Sequence[Row]]) -> bytes:
    """An Excel file with these sheets, in order."""
    from openpyxl import Workbook  # noqa: PLC0415 -- takes a third of a second to load
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415 -- the same

    book = Workbook()
    book.remove(book.active)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.name)
        page.append(sheet.headers)
        for row in tables.get(sheet.name, ()):
            page.append([escaped(row.get(header, "")) for header in sheet.headers])
        for cells in page.iter_rows():
            for cell in cells:
                cell.number_format = "@"
                cell.alignment = Alignment(vertical="top", wrap_text=True)
        for cell in page[1]:
            cell.font = Font(bold=True)
            page.column_dimensions[cell.column_letter].width = _WIDTH
        page.freeze_panes = "A2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_csv(sheet: SheetKind, rows: Sequence[Row]) -> bytes:
    """One sheet as CSV that Excel opens as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(sheet.headers)
    writer.writerows([escaped(row.get(header, "")) for header in sheet.headers] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def read_tables(body: bytes) -> dict[SheetKind, list[Numbered]]:
    """The known sheets of an Excel file, or the one of a CSV file. Raises TableError."""
    return _read_workbook(body) if body.startswith(b"PK") else _read_csv(body)


def _read_workbook(body: bytes) -> dict[SheetKind, list[Numbered]]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- takes a third of a second to load

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(member.file_size for member in packed.infolist()) > _MOST_BYTES_UNPACKED:
                message = "ファイルが大きすぎます。"
                raise TableError(message)
        book = load_workbook(io.BytesIO(body), read_only=True)
        pages = ((page.title, page.iter_rows(values_only=True, max_col=_MOST_COLUMNS)) for page in book)
        sheets = {title: [list(row) for row in rows] for title, rows in pages}
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        message = "Excel のファイルとして読めません。.xlsx の形で保存し直してください。"
        raise TableError(message) from error
    known = {sheet: sheets[sheet.name] for sheet in SHEETS if sheet.name in sheets}
    if not known:
        names = "」「".join(sheet.name for sheet in SHEETS)
        message = f"シートの名前が分かりません。「{names}」のどれかにしてください。"
        raise TableError(message)
    return {sheet: _numbered(sheet, rows) for sheet, rows in known.items()}


def _read_csv(body: bytes) -> dict[SheetKind, list[Numbered]]:
    text = _decoded(body)
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    headers = [cell.strip() for cell in rows[0]] if rows else []
    sheet = next((kind for kind in SHEETS if set(kind.headers) - {DELETE} <= set(headers)), None)
    if sheet is None:
        message = "一行目の見出しが分かりません。書き出した CSV と同じ見出しにしてください。"
        raise TableError(message)
    return {sheet: _numbered(sheet, rows)}


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        with suppress(UnicodeDecodeError):
            text = body.decode(encoding)
            if "\0" not in text:
                return text
    message = "文字コードが分かりません。UTF-8 か Shift_JIS で保存し直してください。"
    raise TableError(message)


def _numbered(sheet: SheetKind, rows: list[list[Any]]) -> list[Numbered]:
    """Rows by header; empty ones are skipped but still numbered."""
    headers = [str(cell or "").strip() for cell in rows[0]] if rows else []
    missing = [header for header in sheet.headers if header not in headers and header != DELETE]
    if missing:
        message = f"シート「{sheet.name}」に、見出し「{'」「'.join(missing)}」がありません。"
        raise TableError(message)
    if len(rows) > MOST_ROWS:
        message = f"シート「{sheet.name}」の行が多すぎます（{MOST_ROWS}行まで）。"
        raise TableError(message)
    return [
        (number, {header: _cell(value) for header, value in zip(headers, row, strict=False) if header})
        for number, row in enumerate(rows[1:], 2)
        if any(str(cell or "").strip() for cell in row)
    ]


def _cell(value: object) -> object:
    """The text as exported; a value that a program turned into a number stays one, and is reported as a fault."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return unescaped(value.replace("\r\n", "\n").replace("\r", "\n")) if isinstance(value, str) else value
