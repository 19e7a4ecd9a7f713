"""The studio's first page: what is in force, what the draft changes, what needs a look."""

import anyio.to_thread
from starlette.responses import Response
from starlette.routing import Route

from bot.content.cards.card_kinds import CARD_KINDS
from bot.handlers.app_context import AppContext
from bot.handlers.content.studio_views import read_home
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class StudioHome:
    """`/studio`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [Route("/studio", guard.guarded(self._show))]

    async def _show(self, visit: StaffRequest) -> Response:
        home = await anyio.to_thread.run_sync(read_home, self._context, visit.staff)
        return self._pages.write("home.html", me=visit.staff, csrf=visit.csrf, home=home, kinds=CARD_KINDS)
