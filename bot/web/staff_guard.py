"""Access control of staff pages: session, the permission declared by the route, CSRF token of forms."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import anyio
import anyio.to_thread
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import NotAllowedError, Permission, Staff, may
from bot.handlers.app_context import AppContext
from bot.handlers.staff.sign_in import signed_in
from bot.web.page_threads import AsyncEndpoint, read_form
from bot.web.route_access import DeclaredRoute, StaffAccess
from bot.web.staff_request import StaffRequest

COOKIE = "staff"
OFFICE = "desk-office"
_OFFICE_DAY = timedelta(hours=12)


Page = Callable[[StaffRequest], Response]


@dataclass(frozen=True)
class PageOptions:
    """How a page behind the guard is run.

    `polls`: the page is fetched by a script; this extends the session only with `acts` in the query, after typing.
    `uploads`: the form may contain a file. `threads`: a pool of its own instead of Starlette's.
    """

    polls: bool = False
    uploads: bool = False
    threads: anyio.CapacityLimiter | None = None


ORDINARY = PageOptions()
POLLS = PageOptions(polls=True)
UPLOADS = PageOptions(uploads=True)


class StaffGuard:
    """Admits staff with a session and permission, and forms with a valid CSRF token."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def route(
        self,
        path: str,
        page: Page,
        access: StaffAccess,
        methods: Sequence[str] = ("GET",),
        options: PageOptions = ORDINARY,
    ) -> DeclaredRoute:
        """A guarded route: redirects to the locked screen without a session; 403 without permission or CSRF token."""
        return DeclaredRoute(path, self._guarded(page, access, options), access, methods)

    def session_staff(self, token: str, *, acts: bool = True) -> Staff | None:
        """The owner of the session, if it is valid. `acts`: extends the session."""
        return signed_in(self._context, token, acts=acts)

    def csrf(self, token: str) -> str:
        """The CSRF token of this session's forms."""
        return hmac.digest(self._context.secret, f"form\0{token}".encode(), "sha256").hex()

    def set_session_cookie(self, response: Response, token: str) -> None:
        """Also sets the cookie of an office device."""
        secure = self._context.is_https
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        until = self._context.clock() + _OFFICE_DAY
        response.set_cookie(
            OFFICE, self._office(until), int(_OFFICE_DAY.total_seconds()), httponly=True, samesite="strict",
            secure=secure, path="/desk",
        )  # fmt: skip

    def clear_session_cookie(self, response: Response) -> None:
        """The cookie of an office device stays."""
        response.delete_cookie(COOKIE, path="/")

    def is_office_device(self, request: Request) -> bool:
        """Whether staff signed in on this browser today; its locked screen may show how many cases wait."""
        value = request.cookies.get(OFFICE, "")
        moment = value.partition(".")[0]
        if not hmac.compare_digest(value.encode(), self._signed(moment).encode()):
            return False
        return self._context.clock() < datetime.fromtimestamp(int(moment), self._context.clock().tzinfo)

    def _guarded(self, page: Page, access: StaffAccess, options: PageOptions) -> AsyncEndpoint:
        async def answer(request: Request) -> Response:
            token, acts = request.cookies.get(COOKIE, ""), not options.polls or bool(request.query_params.get("acts"))
            staff = await anyio.to_thread.run_sync(lambda: self.session_staff(token, acts=acts))
            if staff is None:
                return RedirectResponse("/desk/locked", HTTPStatus.SEE_OTHER)
            if isinstance(access, Permission) and not may(staff, access):
                raise HTTPException(HTTPStatus.FORBIDDEN)
            csrf = self.csrf(token)
            form = await _read_form(request, csrf, uploads=options.uploads)
            asked = StaffRequest(request.path_params, request.query_params, staff, token, csrf, form)
            try:
                return await anyio.to_thread.run_sync(page, asked, limiter=options.threads)
            except NotAllowedError:
                raise HTTPException(HTTPStatus.FORBIDDEN) from None
            finally:
                await form.close()

        return answer

    def _office(self, until: datetime) -> str:
        return self._signed(str(int(until.timestamp())))

    def _signed(self, moment: str) -> str:
        sign = hmac.digest(self._context.secret, f"office\0{moment}".encode(), "sha256")
        return f"{moment}.{sign.hex()}"


async def _read_form(request: Request, csrf: str, *, uploads: bool) -> FormData:
    """The form of a POST. Raises HTTPException if the CSRF token is missing or wrong."""
    if request.method != "POST":
        return FormData()
    form = await read_form(request, uploads=uploads)
    sent = form.get("csrf")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), csrf.encode()):
        raise HTTPException(HTTPStatus.FORBIDDEN)
    return form
