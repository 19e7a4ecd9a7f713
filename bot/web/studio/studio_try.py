"""「ためしに聞いてみる」: one question, answered from the draft and from the published content, side by side."""

import anyio
from starlette.responses import HTMLResponse, Response

from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.try_question import Trial, try_question
from bot.web.staff_guard import PageOptions, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class StudioTry:
    """`/studio/try`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        single = PageOptions(threads=anyio.CapacityLimiter(1))
        self.routes = [
            guard.route("/studio/try", self._show, Permission.EDIT_CONTENT),
            guard.route("/studio/try", self._ask, Permission.EDIT_CONTENT, ["POST"], single),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._pages.show(request, "try.html", tried=None)

    def _ask(self, request: StaffRequest) -> Response:
        """The whole page, or only the answer for a background request (`quiet`)."""
        tried: Trial | None = None
        if request.field("text").strip():
            tried = try_question(self._context, request.field("text"))
        if request.field("quiet"):
            return HTMLResponse(self._pages.part("tried.html", tried=tried))
        return self._pages.show(request, "try.html", tried=tried)
