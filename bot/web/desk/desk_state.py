"""ボットの様子: what `doctor` says, for an admin, in Japanese. No platform is asked from here."""

import anyio.to_thread
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.operations.health_findings import Verdict
from bot.domain.operations.health_texts import JAPANESE
from bot.domain.staff.permissions import Deed, require
from bot.handlers.app_context import AppContext
from bot.handlers.operations.health_report import Premises, check_up
from bot.web.staff_guard import DeskGuard, Visit
from bot.web.staff_pages import DeskPages

_MARKS = {Verdict.RIGHT: "right", Verdict.LOOK: "look", Verdict.ACT: "act"}


class DeskState:
    """`/desk/state`."""

    def __init__(self, context: AppContext, guard: DeskGuard, pages: DeskPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [Route("/desk/state", guard.guarded(self._show))]

    async def _show(self, visit: Visit) -> Response:
        require(visit.staff, Deed.SEE_STATE)
        context = self._context
        premises = Premises(context.store.file, tuple(context.channels), context.is_https)
        found = await anyio.to_thread.run_sync(check_up, context, premises, context.clock())
        worst_first = sorted(found, key=lambda each: (each.verdict is not Verdict.ACT, each.verdict is Verdict.RIGHT))
        rows = [(_MARKS[each.verdict], *JAPANESE[each.name].of(each)) for each in worst_first]
        return self._pages.write("state.html", me=visit.staff, csrf=visit.csrf, rows=rows, now=context.clock())
