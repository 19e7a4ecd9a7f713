"""Excel and CSV: export, and import after a preview of all changes and faulty rows."""

from http import HTTPStatus

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.content.cards.cards import NoSuchCardError
from bot.content.tables.table_files import TableError
from bot.content.tables.tables import SHEETS
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import Draft, read_draft
from bot.handlers.content.import_export import (
    Imported,
    changes_as_text,
    changes_from_text,
    export_csv,
    export_workbook,
    import_changes,
    preview_tables,
)
from bot.storage.content.revision_rows import BehindError
from bot.web.staff_guard import UPLOADS, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StudioTables:
    """`/studio/tables`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/studio/tables", self._show, Permission.EDIT_CONTENT),
            guard.route("/studio/tables", self._preview, Permission.EDIT_CONTENT, ["POST"], UPLOADS),
            guard.route("/studio/tables/take", self._import, Permission.EDIT_CONTENT, ["POST"], UPLOADS),
            guard.route("/studio/tables/sasaeai.xlsx", self._workbook, Permission.EDIT_CONTENT),
            guard.route("/studio/tables/{number:int}.csv", self._csv, Permission.EDIT_CONTENT),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _preview(self, request: StaffRequest) -> Response:
        """Preview what the file would change, without storing it."""
        sent = request.form.get("file")
        body = sent.file.read() if isinstance(sent, UploadFile) else b""
        if not body:
            return self._page(request, fault="ファイルを選んでください。")
        draft = self._draft()
        try:
            imported = preview_tables(draft, body)
        except TableError as error:
            return self._page(request, fault=str(error))
        return self._page(request, imported=imported)

    def _import(self, request: StaffRequest) -> Response:
        try:
            changes = changes_from_text(request.field("changes"))
            import_changes(self._context, request.staff, changes)
        except (ValueError, NoSuchCardError):
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except BehindError:
            return self._page(request, fault="ほかの人が先に直しました。もう一度ファイルを選んでください。")
        return RedirectResponse("/studio", HTTPStatus.SEE_OTHER)

    def _workbook(self, _request: StaffRequest) -> Response:
        draft = self._draft()
        body = export_workbook(draft.files)
        return _download(body, _XLSX, "sasaeai.xlsx")

    def _csv(self, request: StaffRequest) -> Response:
        number = request.path_params["number"]
        if number >= len(SHEETS):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        draft = self._draft()
        body = export_csv(draft.files, SHEETS[number])
        return _download(body, "text/csv; charset=utf-8", f"sasaeai-{number}.csv")

    def _draft(self) -> Draft:
        return read_draft(self._context.store)

    def _page(self, request: StaffRequest, *, fault: str = "", imported: Imported | None = None) -> Response:
        is_bad = fault or (imported and imported.faults)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK
        return self._pages.show(
            request, "tables.html", status, sheets=SHEETS, fault=fault, imported=imported,
            changes=changes_as_text(imported.changes) if imported else "",
        )  # fmt: skip


def _download(body: bytes, media: str, name: str) -> Response:
    return Response(body, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
