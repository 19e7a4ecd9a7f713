"""Excel and CSV: out as they are, in after a look at every difference and every faulty row."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.content.cards.cards import NoSuchCardError
from bot.content.tables.table_files import TableError
from bot.content.tables.tables import SHEETS
from bot.domain.staff.permissions import Permission, require
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
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StudioTables:
    """`/studio/tables`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/studio/tables", guard.guarded(self._show)),
            Route("/studio/tables", guard.guarded(self._look, uploads=True), methods=["POST"]),
            Route("/studio/tables/take", guard.guarded(self._take, uploads=True), methods=["POST"]),
            Route("/studio/tables/sasaeai.xlsx", guard.guarded(self._workbook)),
            Route("/studio/tables/{number:int}.csv", guard.guarded(self._csv)),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return self._page(visit)

    async def _look(self, visit: StaffRequest) -> Response:
        """What the file would change; nothing is kept yet."""
        require(visit.staff, Permission.EDIT_CONTENT)
        sent = visit.form.get("file")
        body = await sent.read() if isinstance(sent, UploadFile) else b""
        if not body:
            return self._page(visit, fault="ファイルを選んでください。")
        draft = await self._draft()
        try:
            imported = await anyio.to_thread.run_sync(preview_tables, draft, body)
        except TableError as error:
            return self._page(visit, fault=str(error))
        return self._page(visit, imported=imported)

    async def _take(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        try:
            changes = changes_from_text(visit.field("changes"))
            await anyio.to_thread.run_sync(partial(import_changes, self._context, visit.staff, changes))
        except (ValueError, NoSuchCardError):
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except BehindError:
            return self._page(visit, fault="ほかの人が先に直しました。もう一度ファイルを選んでください。")
        return RedirectResponse("/studio", HTTPStatus.SEE_OTHER)

    async def _workbook(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        draft = await self._draft()
        body = await anyio.to_thread.run_sync(export_workbook, draft.files)
        return _download(body, _XLSX, "sasaeai.xlsx")

    async def _csv(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        number = visit.request.path_params["number"]
        if number >= len(SHEETS):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        draft = await self._draft()
        body = await anyio.to_thread.run_sync(export_csv, draft.files, SHEETS[number])
        return _download(body, "text/csv; charset=utf-8", f"sasaeai-{number}.csv")

    async def _draft(self) -> Draft:
        return await anyio.to_thread.run_sync(read_draft, self._context.store)

    def _page(self, visit: StaffRequest, *, fault: str = "", imported: Imported | None = None) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        is_bad = fault or (imported and imported.faults)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK
        return self._pages.write(
            "tables.html", status, me=visit.staff, csrf=visit.csrf, sheets=SHEETS, fault=fault, imported=imported,
            changes=changes_as_text(imported.changes) if imported else "",
        )  # fmt: skip


def _download(body: bytes, media: str, name: str) -> Response:
    return Response(body, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
