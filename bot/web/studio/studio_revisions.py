"""All revisions with author, time, reason and changes; restoring one."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.content.cards.differences import CardChange, differences
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.publish import files_of, restore, revisions_of
from bot.handlers.content.studio_views import staff_names
from bot.storage.content.revision_rows import BehindError
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class StudioRevisions:
    """`/studio/revisions`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/studio/revisions", self._list, Permission.EDIT_CONTENT),
            guard.route("/studio/revisions/{number:int}", self._show, Permission.EDIT_CONTENT),
            guard.route(
                "/studio/revisions/{number:int}/restore", self._restore, Permission.EDIT_CONTENT, methods=["POST"]
            ),
        ]

    def _list(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _page(self, request: StaffRequest, fault: str = "") -> Response:
        revisions = revisions_of(self._context.store)
        names = staff_names(self._context.store)
        status = HTTPStatus.CONFLICT if fault else HTTPStatus.OK
        return self._pages.show(
            request, "revisions.html", status, revisions=revisions, names=names, fault=fault,
            here=self._context.content.revision,
        )  # fmt: skip

    def _show(self, request: StaffRequest) -> Response:
        number = request.path_params["number"]
        try:
            changes = self._changes(number)
        except LookupError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return self._pages.show(request, "revision.html", number=number, changes=changes)

    def _changes(self, number: int) -> list[CardChange]:
        after = files_of(self._context.store, number)
        return differences(files_of(self._context.store, number - 1), after) if number > 1 else []

    def _restore(self, request: StaffRequest) -> Response:
        try:
            restore(self._context, request.staff, request.path_params["number"])
        except LookupError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except BehindError:
            return self._page(request, "behind")
        return RedirectResponse("/studio/revisions", HTTPStatus.SEE_OTHER)
