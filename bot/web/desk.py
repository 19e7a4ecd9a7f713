"""The consultation desk: all its pages behind one guard."""

from http import HTTPStatus

from starlette.responses import Response

from bot.handlers.house import House
from bot.web.desk_accounts import DeskAccounts
from bot.web.desk_case import DeskCase
from bot.web.desk_chats import DeskChats
from bot.web.desk_drills import DeskDrills
from bot.web.desk_duty import DeskDuty
from bot.web.desk_guard import DeskGuard
from bot.web.desk_pages import DeskPages
from bot.web.desk_proposals import DeskProposals
from bot.web.desk_queue import DeskQueue
from bot.web.desk_report import DeskReport
from bot.web.desk_sign_in import DeskSignIn
from bot.web.desk_state import DeskState
from bot.web.desk_switches import DeskSwitches


class Desk:
    """Everything under `/desk`."""

    def __init__(self, house: House) -> None:
        guard, self._pages = DeskGuard(house), DeskPages(house)
        parts = (
            DeskSignIn(house, guard, self._pages),
            DeskQueue(house, guard, self._pages),
            DeskCase(house, guard, self._pages),
            DeskDrills(house, guard, self._pages),
            DeskProposals(house, guard, self._pages),
            DeskDuty(house, guard, self._pages),
            DeskChats(house, guard, self._pages),
            DeskSwitches(house, guard, self._pages),
            DeskAccounts(house, guard, self._pages),
            DeskState(house, guard, self._pages),
            DeskReport(house, guard, self._pages),
        )
        self.routes = [route for part in parts for route in part.routes]

    def failed(self, status: HTTPStatus) -> Response:
        """What went wrong, said to staff."""
        return self._pages.write("failed.html", status, code=int(status))
