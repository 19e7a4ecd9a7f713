"""非常時: one press each for a disaster, for answers, channels and the desk itself, and for words in notices."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, require
from bot.domain.switches import Switch, channel_off
from bot.handlers.app_context import AppContext
from bot.handlers.staff.feature_switches import current_switches, set_switch
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class DeskSwitches:
    """`/desk/switches`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/switches", guard.guarded(self._show)),
            Route("/desk/switches/{name:str}", guard.guarded(self._turn), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.KEEP_DUTY)
        switches = await anyio.to_thread.run_sync(current_switches, self._context)
        return self._pages.write(
            "switches.html", me=visit.staff, csrf=visit.csrf, switches=switches, every=tuple(Switch),
            channels=self._channels(),
        )  # fmt: skip

    async def _turn(self, visit: StaffRequest) -> Response:
        name = visit.request.path_params["name"]
        if name not in set(Switch) | set(self._channels()):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        work = partial(set_switch, self._context, visit.staff, name, is_on=visit.field("on") == "yes")
        await anyio.to_thread.run_sync(work)
        return RedirectResponse("/desk/switches", HTTPStatus.SEE_OTHER)

    def _channels(self) -> dict[str, str]:
        """The switch of each channel that is connected, and the channel's name."""
        return {channel_off(each): each for each in ("web", *self._context.channels)}
