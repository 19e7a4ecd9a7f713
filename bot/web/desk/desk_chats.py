"""Chats in which staff are told: paired by a code that is shown here once, and confirmed here."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.handlers.app_context import AppContext
from bot.handlers.staff.chat_pairing import confirm, drop, offer, read_chats
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class DeskChats:
    """`/desk/chats`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/chats", guard.guarded(self._show)),
            Route("/desk/chats/offer", guard.guarded(self._offer), methods=["POST"]),
            Route("/desk/chats/confirm", guard.guarded(self._confirm), methods=["POST"]),
            Route("/desk/chats/drop", guard.guarded(self._drop), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest, code: str = "") -> Response:
        sheet = await anyio.to_thread.run_sync(read_chats, self._context, visit.staff)
        return self._pages.write(
            "chats.html", me=visit.staff, csrf=visit.csrf, sheet=sheet, code=code, for_group=bool(visit.field("group"))
        )

    async def _offer(self, visit: StaffRequest) -> Response:
        """A new code, shown on this page alone."""
        wanted = partial(
            offer, self._context, visit.staff, visit.field("channel"), for_group=bool(visit.field("group"))
        )
        return await self._show(visit, await anyio.to_thread.run_sync(wanted))

    async def _confirm(self, visit: StaffRequest) -> Response:
        await anyio.to_thread.run_sync(confirm, self._context, visit.staff, visit.field("chat"))
        return _back()

    async def _drop(self, visit: StaffRequest) -> Response:
        await anyio.to_thread.run_sync(drop, self._context, visit.staff, visit.field("chat"))
        return _back()


def _back() -> Response:
    return RedirectResponse("/desk/chats", HTTPStatus.SEE_OTHER)
