"""「ためしに聞いてみる」: one sentence, answered from the draft and from what is in force, side by side."""

from functools import partial

import anyio.to_thread
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.try_question import Trial, try_question
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class StudioTry:
    """`/studio/try`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self._threads = anyio.CapacityLimiter(1)
        self.routes = [
            Route("/studio/try", guard.guarded(self._show)),
            Route("/studio/try", guard.guarded(self._ask), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        return self._pages.write("try.html", me=visit.staff, csrf=visit.csrf, tried=None)

    async def _ask(self, visit: StaffRequest) -> Response:
        """The whole page, or for a page that asks by itself the answer alone."""
        require(visit.staff, Permission.EDIT_CONTENT)
        tried: Trial | None = None
        if visit.field("text").strip():
            work = partial(try_question, self._context, visit.staff, visit.field("text"))
            tried = await anyio.to_thread.run_sync(work, limiter=self._threads)
        if visit.field("quiet"):
            return HTMLResponse(self._pages.part("tried.html", tried=tried))
        return self._pages.write("try.html", me=visit.staff, csrf=visit.csrf, tried=tried)
