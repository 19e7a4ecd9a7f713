"""訓練: create practice cases."""

from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import Permission
from bot.domain.understanding.kinds import KindRole
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import LONGEST_ANSWER
from bot.handlers.cases.drills import start_drill
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class DeskDrills:
    """`/desk/drills`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/drills", self._show, Permission.DRILL),
            guard.route("/desk/drills/start", self._start, Permission.DRILL, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _start(self, request: StaffRequest) -> Response:
        kind, words = request.field("kind"), request.field("words").strip()
        kinds = self._context.content.catalog.kinds
        if kind not in kinds or not 0 < len(words) <= LONGEST_ANSWER:
            return self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY)
        case = start_drill(self._context, request.staff, kinds[kind], words)
        return RedirectResponse(f"/desk/cases/{case.number}", HTTPStatus.SEE_OTHER)

    def _page(self, request: StaffRequest, status: HTTPStatus = HTTPStatus.OK) -> Response:
        kinds = self._context.content.catalog.kinds
        usual, is_wrong = kinds.standing_for(KindRole.UNSURE_DESK), status is not HTTPStatus.OK
        return self._pages.show(request, "drills.html", status, kinds=kinds, usual=usual, is_wrong=is_wrong)
