"""Chats in which staff are notified: paired by a code shown here once, then confirmed here."""

from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.staff.chat_pairing import confirm, drop, offer, read_chats
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class DeskChats:
    """`/desk/chats`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/chats", self._show, Permission.CLAIM),
            guard.route("/desk/chats/offer", self._offer, Permission.CLAIM, ["POST"]),
            guard.route("/desk/chats/confirm", self._confirm, Permission.CLAIM, ["POST"]),
            guard.route("/desk/chats/drop", self._drop, Permission.CLAIM, ["POST"]),
        ]

    def _show(self, request: StaffRequest, code: str = "") -> Response:
        view = read_chats(self._context, request.staff)
        return self._pages.show(
            request,
            "chats.html",
            view=view,
            code=code,
            for_group=bool(request.field("group")),
        )

    def _offer(self, request: StaffRequest) -> Response:
        """Show a new code, once."""
        for_group = bool(request.field("group"))
        code = offer(self._context, request.staff, request.field("channel"), for_group=for_group)
        return self._show(request, code)

    def _confirm(self, request: StaffRequest) -> Response:
        confirm(self._context, request.staff, request.field("chat"))
        return _back()

    def _drop(self, request: StaffRequest) -> Response:
        drop(self._context, request.staff, request.field("chat"))
        return _back()


def _back() -> Response:
    return RedirectResponse("/desk/chats", HTTPStatus.SEE_OTHER)
