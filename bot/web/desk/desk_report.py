"""月の報告: the monthly report as a page and as CSV."""

import csv
import io

from starlette.responses import Response

from bot.domain.cases.monthly_report import Month, MonthlyReport, ReportTable
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.cases.build_report import build_report
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell starting with one of these is taken for a formula by spreadsheet programs."""


class DeskReport:
    """`/desk/report?month=2026-11`, `/desk/report.csv`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/report", self._show, Permission.READ_REPORT),
            guard.route("/desk/report.csv", self._csv, Permission.READ_REPORT),
        ]

    def _show(self, request: StaffRequest) -> Response:
        report = self._read(request)
        return self._pages.show(
            request,
            "report.html",
            report=report,
            label=self._label,
            now=self._context.clock(),
        )

    def _csv(self, request: StaffRequest) -> Response:
        """UTF-8 with a byte order mark, which spreadsheet programs need to detect it."""
        report = self._read(request)
        text = io.StringIO()
        writer = csv.writer(text)
        for row in self._rows(report):
            writer.writerow([escape_cell(cell) for cell in row])
        name = f"attachment; filename=report-{report.month}.csv"
        body = text.getvalue().encode("utf-8-sig")
        return Response(body, media_type="text/csv; charset=utf-8", headers={"content-disposition": name})

    def _read(self, request: StaffRequest) -> MonthlyReport:
        try:
            month = Month.read(request.query_params.get("month", ""))
        except ValueError:
            month = Month.of(self._context.clock()).before
        return build_report(self._context, request.staff, month)

    def _rows(self, report: MonthlyReport) -> list[tuple[str, str, str]]:
        heads = self._pages.words("REPORT")
        rows = [("表", "項目", str(report.month))]
        for table in report.tables:
            rows += [(heads[table.name], self._label(table, name), shown) for name, shown in table.rows]
            rows.append((heads[table.name], heads["total"], table.total))
        few = heads["few"]
        rows += [
            (heads["times"], heads[name], few if value is None else str(value))
            for name, value in (("first-answer", report.first_answer), ("whole", report.whole))
        ]
        return [*rows, (heads["times"], heads["reopened"], report.reopened)]

    def _label(self, table: ReportTable, name: str) -> str:
        """The Japanese label of a row."""
        if table.name == "kind":
            return self._context.content.wording().kind_name(name)
        return str(self._pages.words("REPORT_ROWS")[table.name][name])


def escape_cell(text: str) -> str:
    """Escape text that a spreadsheet program would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
