"""The studio's first page: the published revision, the draft's changes, and what needs attention."""

from starlette.responses import Response

from bot.content.cards.card_kinds import CARD_KINDS
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.studio_views import read_home
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class StudioHome:
    """`/studio`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [guard.route("/studio", self._show, Permission.EDIT_CONTENT)]

    def _show(self, request: StaffRequest) -> Response:
        home = read_home(self._context)
        return self._pages.show(request, "home.html", home=home, kinds=CARD_KINDS)
