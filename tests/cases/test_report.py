"""The monthly report: counted rightly, small numbers masked so that nobody computes them back, as page and CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.read.catalog_reader import read_catalog
from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.monthly_report import Month, MonthCounts, MonthlyReport, ReportedCase, report_of
from bot.domain.cases.small_count_suppression import FEW, NONE_SHOWN, SMALL, SOME, protected, suppressed
from bot.domain.opening_hours import OpeningHours, Period
from bot.domain.staff.permissions import Role
from bot.domain.understanding.kinds import KindId
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close, reopen
from bot.settings import SHIPPED_CONTENT
from bot.storage.cases.case_rows import list_cases
from bot.storage.staff.audit_rows import read_audit_entries
from bot.web.desk.desk_report import escape_cell
from bot.web.site import build_site
from tests.conftest import Resident
from tests.support.line.line_bot import ShiftedClock
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff

MakeResident = Callable[..., Resident]
NOVEMBER = Month(2026, 11)
WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri"})
KINDS = read_catalog(SHIPPED_CONTENT)[0].kinds
ROSTER = DutyRoster(OpeningHours((Period(WEEKDAYS, 9 * 60, 17 * 60),)))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in the city's time."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=9)


def case(
    opened: datetime, answered: datetime | None = None, reason: Reason = Reason.DONE, kind: str = "person"
) -> ReportedCase:
    return ReportedCase(
        KindId(kind), Status.CLOSED, reason, opened, answered, (answered or opened) + timedelta(hours=1)
    )


def rows(report: MonthlyReport, name: str) -> dict[str, str]:
    (table,) = [each for each in report.tables if each.name == name]
    return {label: shown for label, shown in table.rows if shown != "0"} | {"total": table.total}


def test_what_is_counted() -> None:
    found = [case(at(24, 10), at(24, 10, 20)) for _ in range(6)]
    found += [case(at(20, 16, 50), at(24, 9, 5)) for _ in range(5)]  # Friday to Tuesday; Monday is a holiday
    found += [case(at(24, 2), None, Reason.FALSE_ALARM, "suicide") for _ in range(7)]
    found += [case(at(24, 2), None, Reason.DRILL)]
    report = report_of(NOVEMBER, MonthCounts(found, 3, {"answer": 40, "unknown": 2, "clarify": 9}), ROSTER, KINDS)
    assert rows(report, "kind") == {"suicide": "7", "person": "11", "total": "18"}
    assert rows(report, "hours") == {"0": "7", "9": "6", "15": "5", "total": "18"}
    assert rows(report, "answered") == {"15": "5", "30": "6", "none": "7", "total": "18"}
    assert rows(report, "end") == {"done": "11", "false-alarm": "7", "total": "18"}
    assert rows(report, "messages") == {"answer": "40", "clarify": SOME, "unknown": FEW, "total": "51"}
    assert (report.first_answer, report.reopened) == (20, FEW)


def test_open_and_taken_back_cases_have_their_own_rows() -> None:
    base = case(at(24, 10))
    found = [replace(base, status=Status.WAITING, reason="", closed_at=None)] * 5
    found += [replace(base, status=Status.CANCELLED, reason="")] * 6
    report = report_of(NOVEMBER, MonthCounts(found, 0, {}), ROSTER, KINDS)
    assert rows(report, "end") == {"open": "5", "cancelled": "6", "total": "11"}


def test_a_month_is_the_citys() -> None:
    assert Month.read("2026-12").before == NOVEMBER
    assert NOVEMBER.begins == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert (str(NOVEMBER.last), str(Month(2026, 12).following)) == ("2026-11-30", "2027-01")
    assert Month.of(datetime(2026, 10, 31, 15, tzinfo=UTC)) == NOVEMBER
    for wrong in ("", "2026", "2026-13", "0001-01", "9999-12", "x"):
        with pytest.raises(ValueError, match="like 2026-11"):
            Month.read(wrong)


def possible(shown: Sequence[str], total: str) -> list[set[int]]:
    """Every value that each suppressed small cell may have, for who knows the total and the rule."""
    exact = [int(each) for each in shown if each.isdigit()]
    cap = min((each for each in exact if each >= SMALL), default=int(total))
    ranges = [
        range(1, SMALL) if each == FEW else range(SMALL, cap + 1) if each == SOME else [int(each)] for each in shown
    ]
    fits = [cells for cells in product(*ranges) if sum(cells) == int(total)]
    return [{cells[place] for cells in fits} for place, each in enumerate(shown) if each == FEW]


@settings(deadline=None)
@given(st.lists(st.integers(0, 14), min_size=1, max_size=5))
def test_no_masked_number_can_be_computed_back(cells: list[int]) -> None:
    shown = protected({"table": cells})
    cells_shown = shown.tables["table"]
    assert not {str(number) for number in range(1, SMALL)} & set(cells_shown)
    for cell, text in zip(cells, cells_shown, strict=True):
        assert text in {str(cell), suppressed(cell), SOME if cell >= SMALL else FEW}
    if shown.total != NONE_SHOWN:
        assert all(len(values) > 1 for values in possible(cells_shown, shown.total))


def test_where_one_table_cannot_be_protected_none_tells_the_total() -> None:
    shown = protected({"kind": [1, 5], "hours": [6, 0]})
    assert shown.total == NONE_SHOWN
    assert shown.tables == {"kind": (FEW, SOME), "hours": (SOME, "0")}


def test_a_cell_is_never_a_formula() -> None:
    assert [escape_cell(text) for text in ("=1", "+1", "-1", "@x", "\t=1", "5", "－")] == [
        "'=1", "'+1", "'-1", "'@x", "'\t=1", "5", "－",
    ]  # fmt: skip


@pytest.fixture
def desk(context: AppContext) -> Iterator[tuple[AppContext, ShiftedClock, str]]:
    clock = ShiftedClock()
    context = replace(context, clock=clock)
    with RunningApp(build_site(context, closes=False)) as running:
        yield context, clock, running.url


def sign_in(context: AppContext, clock: ShiftedClock, url: str, role: Role) -> DeskClient:
    """Somebody of this role at the desk."""
    _, credentials = make_staff(context, role, role)
    client = DeskClient(url, role, credentials)
    values = {"login": role, "password": credentials.password, "code": code_at(credentials, clock())}
    client.client.post("/desk/sign-in", data=values)
    return client


def test_who_may_read_it(desk: tuple[AppContext, ShiftedClock, str]) -> None:
    for role, status in ((Role.ADMIN, 200), (Role.AUDITOR, 200), (Role.COUNSELLOR, 403), (Role.VIEWER, 403)):
        with sign_in(*desk, role) as client:
            for path in ("/desk/report", "/desk/report?month=2026-11", "/desk/report?month=x", "/desk/report.csv"):
                assert client.get(path).status_code == status
    with desk[0].store.reading() as connection:
        assert [each.trace.action for each in read_audit_entries(connection)].count("report-view") == 8


def test_csv_holds_what_the_page_shows(desk: tuple[AppContext, ShiftedClock, str], make_resident: MakeResident) -> None:
    context, clock, _ = desk
    month = Month.of(clock())
    for number in range(6):
        make_resident(f"r{number}", clock()).says("もう死にたい", after=timedelta())
    staff, _ = make_staff(context, "chief", Role.ADMIN)
    with context.store.reading() as connection:
        every = list_cases(connection, open_only=True)
    for each in every:
        claim(context, staff, each.id)
        close(context, staff, each.id, Reason.DONE)
        reopen(context, staff, each.id)
    with sign_in(*desk, Role.AUDITOR) as client:
        page = client.get(f"/desk/report?month={month}").text
        answer = client.get(f"/desk/report.csv?month={month}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == f"attachment; filename=report-{month}.csv"
    table = {(row[0], row[1]): row[2] for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert table["表", "項目"] == str(month)
    assert table["相談の種類", "合計"] == "6"
    assert table["どう終わったか", "続いている"] == "6"
    assert table["ボットの返事（文ごと）", "命の危険の案内をした"] == "6"
    assert table["時間と再開", "再び開いた相談"] == "6"
    assert all(label in page for _, label in table if label != "項目")
