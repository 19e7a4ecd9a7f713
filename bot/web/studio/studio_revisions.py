"""Every revision: who, when, why, what it changed; and the way back to it."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.content.cards.differences import CardChange, differences
from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.publish import files_of, restore, revisions_of
from bot.handlers.content.studio_views import staff_names
from bot.storage.content.revision_rows import BehindError
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class StudioRevisions:
    """`/studio/revisions`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/studio/revisions", guard.guarded(self._list)),
            Route("/studio/revisions/{number:int}", guard.guarded(self._show)),
            Route("/studio/revisions/{number:int}/restore", guard.guarded(self._restore), methods=["POST"]),
        ]

    async def _list(self, visit: StaffRequest) -> Response:
        return await self._page(visit)

    async def _page(self, visit: StaffRequest, fault: str = "") -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        revisions = await anyio.to_thread.run_sync(revisions_of, self._context.store)
        names = await anyio.to_thread.run_sync(staff_names, self._context)
        status = HTTPStatus.CONFLICT if fault else HTTPStatus.OK
        return self._pages.write(
            "revisions.html", status, me=visit.staff, csrf=visit.csrf, revisions=revisions, names=names, fault=fault,
            here=self._context.content.revision,
        )  # fmt: skip

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        number = visit.request.path_params["number"]
        try:
            changes = await anyio.to_thread.run_sync(self._changes, number)
        except LookupError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return self._pages.write("revision.html", me=visit.staff, csrf=visit.csrf, number=number, changes=changes)

    def _changes(self, number: int) -> list[CardChange]:
        after = files_of(self._context.store, number)
        return differences(files_of(self._context.store, number - 1), after) if number > 1 else []

    async def _restore(self, visit: StaffRequest) -> Response:
        work = partial(restore, self._context, visit.staff, visit.request.path_params["number"])
        try:
            await anyio.to_thread.run_sync(work)
        except LookupError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except BehindError:
            return await self._page(visit, "behind")
        return RedirectResponse("/studio/revisions", HTTPStatus.SEE_OTHER)
