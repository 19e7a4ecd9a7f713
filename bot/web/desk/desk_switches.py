"""非常時: switches for a disaster, for answers, channels and the desk, and for message texts in notices."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import Permission
from bot.domain.switches import Switch, channel_off
from bot.handlers.app_context import AppContext
from bot.handlers.staff.feature_switches import current_switches, set_switch
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class DeskSwitches:
    """`/desk/switches`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/switches", self._show, Permission.KEEP_DUTY),
            guard.route("/desk/switches/{name:str}", self._turn, Permission.KEEP_DUTY, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        switches = current_switches(self._context.store)
        return self._pages.show(
            request, "switches.html", switches=switches, every=tuple(Switch),
            channels=self._channels(),
        )  # fmt: skip

    def _turn(self, request: StaffRequest) -> Response:
        name = request.path_params["name"]
        if name not in set(Switch) | set(self._channels()):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        set_switch(self._context, request.staff, name, is_on=request.field("on") == "yes")
        return RedirectResponse("/desk/switches", HTTPStatus.SEE_OTHER)

    def _channels(self) -> dict[str, str]:
        """The off switch of each connected channel, and the channel's name."""
        return {channel_off(channel): channel for channel in ("web", *self._context.channels)}
