"""The consultation desk."""

from http import HTTPStatus

from starlette.responses import Response

from bot.handlers.app_context import AppContext
from bot.web.desk.desk_accounts import DeskAccounts
from bot.web.desk.desk_case import DeskCase
from bot.web.desk.desk_chats import DeskChats
from bot.web.desk.desk_drills import DeskDrills
from bot.web.desk.desk_duty import DeskDuty
from bot.web.desk.desk_proposals import DeskProposals
from bot.web.desk.desk_queue import DeskQueue
from bot.web.desk.desk_report import DeskReport
from bot.web.desk.desk_sign_in import DeskSignIn
from bot.web.desk.desk_state import DeskState
from bot.web.desk.desk_switches import DeskSwitches
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages


class Desk:
    """All routes under `/desk`."""

    def __init__(self, context: AppContext) -> None:
        guard, self._pages = StaffGuard(context), StaffPages(context)
        parts = (
            DeskSignIn(context, guard, self._pages),
            DeskQueue(context, guard, self._pages),
            DeskCase(context, guard, self._pages),
            DeskDrills(context, guard, self._pages),
            DeskProposals(context, guard, self._pages),
            DeskDuty(context, guard, self._pages),
            DeskChats(context, guard, self._pages),
            DeskSwitches(context, guard, self._pages),
            DeskAccounts(context, guard, self._pages),
            DeskState(context, guard, self._pages),
            DeskReport(context, guard, self._pages),
        )
        self.routes = [route for part in parts for route in part.routes]

    def failed(self, status: HTTPStatus) -> Response:
        """The error page for staff."""
        return self._pages.write("failed.html", status, code=int(status))
