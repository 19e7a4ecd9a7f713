"""ボットの様子: what `doctor` says, for an admin, in Japanese. No platform is asked from here."""

import anyio.to_thread
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.operations.health_findings import HealthVerdict
from bot.domain.operations.health_texts import JAPANESE
from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.operations.health_report import Deployment, health_report
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_MARKS = {HealthVerdict.RIGHT: "right", HealthVerdict.LOOK: "look", HealthVerdict.ACT: "act"}


class DeskState:
    """`/desk/state`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [Route("/desk/state", guard.guarded(self._show))]

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.SEE_STATE)
        context = self._context
        premises = Deployment(context.store.file, tuple(context.channels), context.is_https)
        found = await anyio.to_thread.run_sync(health_report, context, premises, context.clock())
        worst_first = sorted(
            found, key=lambda each: (each.verdict is not HealthVerdict.ACT, each.verdict is HealthVerdict.RIGHT)
        )
        rows = [(_MARKS[each.verdict], *JAPANESE[each.name].of(each)) for each in worst_first]
        return self._pages.write("state.html", me=visit.staff, csrf=visit.csrf, rows=rows, now=context.clock())
