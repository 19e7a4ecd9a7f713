"""Messages of cases closed as 誤報 or いたずら, for an admin to review."""

from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.cases.false_alarms import read_proposals, settle_proposal
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class DeskProposals:
    """`/desk/proposals`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/proposals", self._show, Permission.EDIT_CONTENT),
            guard.route("/desk/proposals/settle", self._settle, Permission.EDIT_CONTENT, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        proposals = read_proposals(self._context, request.staff)
        return self._pages.show(request, "proposals.html", proposals=proposals)

    def _settle(self, request: StaffRequest) -> Response:
        settle_proposal(self._context, request.staff, request.field("proposal"))
        return RedirectResponse("/desk/proposals", HTTPStatus.SEE_OTHER)
