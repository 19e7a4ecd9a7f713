"""The studio's first page: what is in force, what the draft changes, what needs a look."""

import anyio.to_thread
from starlette.responses import Response
from starlette.routing import Route

from bot.content.cards.card_kinds import CARD_KINDS
from bot.handlers.content.studio_views import read_home
from bot.handlers.house import House
from bot.web.staff_guard import DeskGuard, Visit
from bot.web.staff_pages import DeskPages


class StudioHome:
    """`/studio`."""

    def __init__(self, house: House, guard: DeskGuard, pages: DeskPages) -> None:
        self._house = house
        self._pages = pages
        self.routes = [Route("/studio", guard.guarded(self._show))]

    async def _show(self, visit: Visit) -> Response:
        home = await anyio.to_thread.run_sync(read_home, self._house, visit.staff)
        return self._pages.write("home.html", me=visit.staff, csrf=visit.csrf, home=home, kinds=CARD_KINDS)
