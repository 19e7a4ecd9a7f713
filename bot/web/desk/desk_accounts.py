"""Accounts of staff for a 管理者, and the audit trail for whoever may read it."""

from collections.abc import Callable
from http import HTTPStatus

import anyio.to_thread
import segno
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, Role, Staff, require
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
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages


class DeskAccounts:
    """`/desk/staff`, `/desk/audit`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/staff", guard.guarded(self._show)),
            Route("/desk/staff/add", guard.guarded(self._add), methods=["POST"]),
            Route("/desk/staff/reset", guard.guarded(self._reset), methods=["POST"]),
            Route("/desk/staff/disable", guard.guarded(self._disable), methods=["POST"]),
            Route("/desk/audit", guard.guarded(self._audit)),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return await self._page(visit)

    async def _add(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.KEEP_STAFF)
        role = visit.field("role")
        if role not in set(Role):
            return await self._page(visit, fault="役割を選んでください。")
        login = visit.field("login").strip()
        wanted = NewAccount(login, visit.field("name"), Role(role), visit.field("mail"), visit.field("telephone"))
        return await self._opened(visit, login, lambda office: make_account(office, wanted))

    async def _reset(self, visit: StaffRequest) -> Response:
        login = visit.field("login")
        return await self._opened(visit, login, lambda office: reset_account(office, login))

    async def _disable(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.KEEP_STAFF)
        try:
            await anyio.to_thread.run_sync(close_account, self._office(visit), visit.field("login"))
        except AccountError:
            return await self._page(visit, fault="最後の管理者は止められません。先に、別の管理者を加えてください。")
        return RedirectResponse("/desk/staff", HTTPStatus.SEE_OTHER)

    async def _opened(self, visit: StaffRequest, login: str, make: Callable[[AccountAdmin], Credentials]) -> Response:
        """What opens the account, shown this once."""
        require(visit.staff, Permission.KEEP_STAFF)
        try:
            opener = await anyio.to_thread.run_sync(make, self._office(visit))
        except AccountError:
            return await self._page(visit, fault="そのログイン名は使えません。別の名前にしてください。")
        return await self._page(visit, opener=opener, login=login)

    async def _page(
        self, visit: StaffRequest, *, fault: str = "", opener: Credentials | None = None, login: str = ""
    ) -> Response:
        require(visit.staff, Permission.KEEP_STAFF)
        accounts = await anyio.to_thread.run_sync(self._accounts)
        picture = segno.make(opener.uri).svg_inline(scale=5, border=4) if opener else ""
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.write(
            "staff.html", status, me=visit.staff, csrf=visit.csrf, accounts=accounts, roles=tuple(Role), fault=fault,
            opener=opener, login=login, picture=picture,
        )  # fmt: skip

    async def _audit(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.READ_AUDIT)
        before = visit.request.query_params.get("before", "")
        trail = await anyio.to_thread.run_sync(read_audit, self._context, int(before) if before.isdecimal() else None)
        return self._pages.write(
            "audit.html", me=visit.staff, csrf=visit.csrf, traces=trail.traces, broken=trail.broken, names=trail.names,
            numbers=trail.numbers,
        )  # fmt: skip

    def _office(self, visit: StaffRequest) -> AccountAdmin:
        return AccountAdmin(self._context.store, self._context.keys, self._context.clock(), visit.staff.id)

    def _accounts(self) -> list[Staff]:
        with self._context.store.reading() as connection:
            return list_staff(connection)
