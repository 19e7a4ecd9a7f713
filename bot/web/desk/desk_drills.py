"""訓練: a case for practice, made here."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, require
from bot.domain.understanding.kinds import KindRole
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import LONGEST_ANSWER
from bot.handlers.cases.drills import start_drill
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class DeskDrills:
    """`/desk/drills`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/drills", guard.guarded(self._show)),
            Route("/desk/drills/start", guard.guarded(self._start), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return self._page(visit)

    async def _start(self, visit: StaffRequest) -> Response:
        kind, words = visit.field("kind"), visit.field("words").strip()
        kinds = self._context.content.catalog.kinds
        if kind not in kinds or not 0 < len(words) <= LONGEST_ANSWER:
            return self._page(visit, HTTPStatus.UNPROCESSABLE_ENTITY)
        work = partial(start_drill, self._context, visit.staff, kinds[kind], words)
        case = await anyio.to_thread.run_sync(work)
        return RedirectResponse(f"/desk/cases/{case.number}", HTTPStatus.SEE_OTHER)

    def _page(self, visit: StaffRequest, status: HTTPStatus = HTTPStatus.OK) -> Response:
        require(visit.staff, Permission.DRILL)
        kinds = self._context.content.catalog.kinds
        return self._pages.write(
            "drills.html",
            status,
            me=visit.staff,
            csrf=visit.csrf,
            kinds=kinds,
            usual=kinds.standing_for(KindRole.UNSURE_DESK),
            is_wrong=status is not HTTPStatus.OK,
        )
