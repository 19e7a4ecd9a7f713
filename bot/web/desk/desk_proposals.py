"""Messages that were closed as 誤報 or いたずら, for an admin to look at."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.handlers.app_context import AppContext
from bot.handlers.cases.false_alarms import read_proposals, settle_proposal
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class DeskProposals:
    """`/desk/proposals`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/proposals", guard.guarded(self._show)),
            Route("/desk/proposals/settle", guard.guarded(self._settle), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        proposals = await anyio.to_thread.run_sync(read_proposals, self._context, visit.staff)
        return self._pages.write("proposals.html", me=visit.staff, csrf=visit.csrf, proposals=proposals)

    async def _settle(self, visit: StaffRequest) -> Response:
        work = partial(settle_proposal, self._context, visit.staff, visit.field("proposal"))
        await anyio.to_thread.run_sync(work)
        return RedirectResponse("/desk/proposals", HTTPStatus.SEE_OTHER)
