"""Who is at the desk: the session's cookie, the token in every form, and the sign that this office was signed in."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.domain.staff.permissions import NotAllowedError, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.sign_in import signed_in

COOKIE = "staff"
OFFICE = "desk-office"
_OFFICE_DAY = timedelta(hours=12)
_FORM_LIMIT = 200_000
_UPLOAD_LIMIT = 8_000_000


@dataclass(frozen=True)
class StaffRequest:
    """One request of somebody who is signed in, with the form that came along, if any."""

    request: Request
    staff: Staff
    token: str
    csrf: str
    form: FormData

    def field(self, name: str) -> str:
        """A field of the form, empty where there is none."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""


Page = Callable[[StaffRequest], Awaitable[Response]]
Shown = Callable[[Request], Awaitable[Response]]


class StaffGuard:
    """Lets in who is signed in, and forms that this desk itself has shown."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def guarded(
        self, page: Page, *, acts: bool = True, uploads: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """The page behind the guard: without a session to the sign-in, without the token of a form refused.

        `acts`: a person asks for it; what a page asks for by itself keeps nobody signed in. `uploads`: takes a file.
        """

        async def show(request: Request) -> Response:
            token = request.cookies.get(COOKIE, "")
            staff = await self.who(token, acts=acts)
            if staff is None:
                return RedirectResponse("/desk/locked", HTTPStatus.SEE_OTHER)
            csrf = self.csrf(token)
            form = await self._form(request, csrf, uploads=uploads) if request.method == "POST" else FormData()
            try:
                return await page(StaffRequest(request, staff, token, csrf, form))
            except NotAllowedError:
                raise HTTPException(HTTPStatus.FORBIDDEN) from None
            finally:
                await form.close()

        return show

    async def who(self, token: str, *, acts: bool = True) -> Staff | None:
        """Who has this session now."""
        return await anyio.to_thread.run_sync(partial(signed_in, self._context, token, acts=acts))

    def csrf(self, token: str) -> str:
        """What every form of this session carries."""
        return hmac.digest(self._context.secret, f"form\0{token}".encode(), "sha256").hex()

    def set_session_cookie(self, response: Response, token: str) -> None:
        """Set the session's cookie, and the sign of the office."""
        secure = self._context.is_https
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        until = self._context.clock() + _OFFICE_DAY
        response.set_cookie(
            OFFICE, self._office(until), int(_OFFICE_DAY.total_seconds()), httponly=True, samesite="strict",
            secure=secure, path="/desk",
        )  # fmt: skip

    def clear_session_cookie(self, response: Response) -> None:
        """Take the session's cookie away."""
        response.delete_cookie(COOKIE, path="/")

    def is_office_device(self, request: Request) -> bool:
        """Whether somebody was signed in here today: such a screen may show that someone waits."""
        value = request.cookies.get(OFFICE, "")
        moment = value.partition(".")[0]
        if not hmac.compare_digest(value.encode(), self._signed(moment).encode()):
            return False
        return self._context.clock() < datetime.fromtimestamp(int(moment), self._context.clock().tzinfo)

    def _office(self, until: datetime) -> str:
        return self._signed(str(int(until.timestamp())))

    def _signed(self, moment: str) -> str:
        sign = hmac.digest(self._context.secret, f"office\0{moment}".encode(), "sha256")
        return f"{moment}.{sign.hex()}"

    async def _form(self, request: Request, csrf: str, *, uploads: bool) -> FormData:
        form = await read_form(request, uploads=uploads)
        sent = form.get("csrf")
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), csrf.encode()):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return form


async def read_form(request: Request, *, uploads: bool = False) -> FormData:
    """A form of a page of the desk itself, of ordinary size. Raises HTTPException."""
    limit = _UPLOAD_LIMIT if uploads else _FORM_LIMIT
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(HTTPStatus.FORBIDDEN)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await request.form(max_files=int(uploads), max_fields=300, max_part_size=limit)
