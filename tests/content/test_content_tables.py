"""Excel and CSV: out and in again without a difference, every faulty row told, nothing taken unless all is right."""

import csv
import io

import pytest
from openpyxl import Workbook, load_workbook

from bot.content.content_files import files_in
from bot.content.read.hours_reader import hours_from_text, hours_text
from bot.content.tables.table_files import TableError, read_tables, write_csv, write_workbook
from bot.content.tables.table_reader import TableReading
from bot.content.tables.tables import SHEETS, SheetKind, escaped, table_of, unescaped
from bot.content.yaml.yaml_form import parse_yaml
from bot.handlers.content.import_export import export_csv, export_workbook, with_changes
from bot.settings import SHIPPED_CONTENT

SHIPPED = files_in(SHIPPED_CONTENT)
LINES = next(sheet for sheet in SHEETS if sheet.name == "電話")
SYNONYMS = next(sheet for sheet in SHEETS if sheet.name == "言いかえ")


def taken(body: bytes) -> TableReading:
    reading = TableReading(SHIPPED)
    reading.read(read_tables(body))
    return reading


def book_of(sheet: SheetKind, rows: list[list[object]]) -> bytes:
    book = Workbook()
    book.active.title = sheet.name
    book.active.append(sheet.headers)
    for row in rows:
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_everything_out_and_in_again_differs_in_nothing() -> None:
    body = export_workbook(SHIPPED)
    reading = taken(body)
    assert reading.faults == []
    assert reading.changes == {}
    assert with_changes(SHIPPED, reading.changes) == dict(SHIPPED)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_sheet_as_csv(sheet: SheetKind) -> None:
    reading = taken(export_csv(SHIPPED, sheet))
    assert (reading.faults, reading.changes) == ([], {})


def test_numbers_stay_text_both_ways() -> None:
    page = load_workbook(io.BytesIO(export_workbook(SHIPPED)))["電話"]
    column = [cell.value for cell in page[1]].index("電話番号")
    phones = [row[column].value for row in page.iter_rows(min_row=2)]
    assert all(isinstance(phone, str) for phone in phones if phone)
    assert "0134-32-4111" in phones
    text = export_csv(SHIPPED, LINES).decode("utf-8-sig")
    assert any("0134-32-4111" in row for row in csv.reader(io.StringIO(text)))


def test_a_number_that_lost_its_zero_is_told() -> None:
    row: list[object] = ["ota-city", "市役所", 134324111]
    (fault, *_) = taken(book_of(LINES, [row + [""] * (len(LINES.headers) - 3)])).faults
    assert fault.row == 2
    assert "電話番号" in fault.what


@pytest.mark.parametrize("text", ["=1+1", "+81", "-", "@home", "'=", "\tx", "普通", ""])
def test_formulas_are_escaped_and_come_back(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t"))


def test_no_cell_of_an_exported_workbook_is_a_formula() -> None:
    row = dict.fromkeys(SYNONYMS.headers, "=1+1")
    book = load_workbook(io.BytesIO(write_workbook({SYNONYMS.name: [row]})))
    assert [cell.value for cell in book[SYNONYMS.name][2]] == ["'=1+1"] * len(SYNONYMS.headers)
    assert not [cell for page in book for cells in page.iter_rows() for cell in cells if cell.data_type == "f"]


def test_csv_in_every_encoding_of_the_office() -> None:
    rows = [["髙橋の①番㈱", "事業者", ""]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([SYNONYMS.headers[:3], *rows])
    for encoding in ("utf-8", "utf-8-sig", "cp932"):
        reading = taken(text.getvalue().encode(encoding))
        assert reading.faults == []
        assert [values["from"] for values in reading.changes.values() if values] == ["髙橋の①番㈱"]
    with pytest.raises(TableError, match="文字コード"):
        read_tables("言い".encode("utf-16"))


def test_500_rows_with_20_faults_show_all_20_and_change_nothing() -> None:
    rows: list[list[object]] = [[f"ことば{number}", f"ふつう{number}", "", ""] for number in range(500)]
    for number in range(0, 200, 20):
        rows[number][0] = ""  # no name
    for number in range(5, 205, 20):
        rows[number][0] = "ことば1"  # named twice
    reading = taken(book_of(SYNONYMS, rows))
    assert [fault.row for fault in sorted(reading.faults)] == sorted(
        [*(number + 2 for number in range(0, 200, 20)), *(number + 2 for number in range(5, 205, 20))]
    )
    assert all("二回" in fault.what or "空" in fault.what for fault in reading.faults)
    for number in range(500):
        rows[number][0] = f"ことば{number}"
    mended = taken(book_of(SYNONYMS, rows))
    assert mended.faults == []
    assert len(mended.changes) == 500
    after = with_changes(SHIPPED, mended.changes)
    again = TableReading(after)
    again.read(read_tables(write_workbook({sheet.name: table_of(after, sheet) for sheet in SHEETS})))
    assert (again.faults, again.changes) == ([], {})


def test_a_row_is_deleted_only_where_it_says_so() -> None:
    first = table_of(SHIPPED, SYNONYMS)[0]
    body = write_csv(SYNONYMS, [{**first, "消す（はい）": "はい"}])
    assert list(taken(body).changes.values()) == [None]
    assert taken(write_csv(SYNONYMS, [first])).changes == {}


def test_an_unknown_sheet_and_a_missing_header_are_told() -> None:
    book = Workbook()
    book.active.title = "べつの表"
    kept = io.BytesIO()
    book.save(kept)
    with pytest.raises(TableError, match="シートの名前"):
        read_tables(kept.getvalue())
    with pytest.raises(TableError, match="見出し"):
        read_tables("なにか,ほか\n1,2\n".encode())
    with pytest.raises(TableError, match=r"\.xlsx"):
        read_tables(b"PK\x03\x04broken")


def test_hours_as_text_and_back() -> None:
    for file in ("lines.yaml",):
        for row in parse_yaml(file, SHIPPED[file].decode()).data:
            assert isinstance(row, dict)
            hours = row.get("hours", "")
            assert hours_from_text(hours_text(hours)) == (hours or {})
    special = "平日 9:00-12:00 13:00-17:00；不明 年末年始；2026-12-28 休み（工事）；10日 0:00-24:00"
    assert hours_from_text(hours_text(hours_from_text(special))) == hours_from_text(special)
