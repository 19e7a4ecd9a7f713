"""Staff accounts (for a 管理者) and the audit trail."""

from collections.abc import Callable
from http import HTTPStatus

import segno
from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import Permission, Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.audit_view import read_audit
from bot.handlers.staff.staff_accounts import (
    AccountAdmin,
    AccountError,
    Credentials,
    NewAccount,
    close_account,
    make_account,
    reset_account,
)
from bot.storage.staff.staff_rows import list_staff
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest


class DeskAccounts:
    """`/desk/staff`, `/desk/audit`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/staff", self._show, Permission.KEEP_STAFF),
            guard.route("/desk/staff/add", self._add, Permission.KEEP_STAFF, ["POST"]),
            guard.route("/desk/staff/reset", self._reset, Permission.KEEP_STAFF, ["POST"]),
            guard.route("/desk/staff/disable", self._disable, Permission.KEEP_STAFF, ["POST"]),
            guard.route("/desk/audit", self._audit, Permission.READ_AUDIT),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _add(self, request: StaffRequest) -> Response:
        role = request.field("role")
        if role not in set(Role):
            return self._page(request, fault="役割を選んでください。")
        login = request.field("login").strip()
        wanted = NewAccount(login, request.field("name"), Role(role), request.field("mail"), request.field("telephone"))
        return self._reveal(request, login, lambda admin: make_account(admin, wanted))

    def _reset(self, request: StaffRequest) -> Response:
        login = request.field("login")
        return self._reveal(request, login, lambda admin: reset_account(admin, login))

    def _disable(self, request: StaffRequest) -> Response:
        try:
            close_account(self._admin(request), request.field("login"))
        except AccountError:
            return self._page(request, fault="最後の管理者は止められません。先に、別の管理者を加えてください。")
        return RedirectResponse("/desk/staff", HTTPStatus.SEE_OTHER)

    def _reveal(self, request: StaffRequest, login: str, make: Callable[[AccountAdmin], Credentials]) -> Response:
        """Show the new password, TOTP secret and recovery codes, once."""
        try:
            credentials = make(self._admin(request))
        except AccountError:
            return self._page(request, fault="そのログイン名は使えません。別の名前にしてください。")
        return self._page(request, credentials=credentials, login=login)

    def _page(
        self, request: StaffRequest, *, fault: str = "", credentials: Credentials | None = None, login: str = ""
    ) -> Response:
        accounts = self._accounts()
        picture = segno.make(credentials.uri).svg_inline(scale=5, border=4) if credentials else ""
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.show(
            request, "staff.html", status, accounts=accounts, roles=tuple(Role), fault=fault,
            credentials=credentials, login=login, picture=picture,
        )  # fmt: skip

    def _audit(self, request: StaffRequest) -> Response:
        before = request.query_params.get("before", "")
        trail = read_audit(self._context.store, int(before) if before.isdecimal() else None)
        return self._pages.show(
            request, "audit.html", traces=trail.traces, broken=trail.broken, names=trail.names,
            numbers=trail.numbers,
        )  # fmt: skip

    def _admin(self, request: StaffRequest) -> AccountAdmin:
        return AccountAdmin(self._context.store, self._context.keys, self._context.clock(), request.staff.id)

    def _accounts(self) -> list[Staff]:
        with self._context.store.reading() as connection:
            return list_staff(connection)
