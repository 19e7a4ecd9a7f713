"""Signing in and out, and the locked screen, which shows only how many cases wait."""

from http import HTTPStatus

import anyio
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.handlers.app_context import AppContext
from bot.handlers.cases.desk_views import read_queue
from bot.handlers.staff.sign_in import SignIn, SignInError, sign_in, sign_out
from bot.handlers.staff.throttle import TooManyTriesError
from bot.web.page_threads import form_endpoint
from bot.web.route_access import SIGNED_IN, Public, public_route
from bot.web.staff_guard import COOKIE, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest
from bot.web.visitors import source_of

_SIGN_IN = Public("there is no session before signing in")
_LOCKED = Public("a locked screen has no session; only an office device is told how many cases wait")


class DeskSignIn:
    """`/desk/sign-in`, `/desk/sign-out`, `/desk/locked`, `/desk/waits`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._guard = guard
        self._pages = pages
        # Hashing a password takes 64 MB.
        threads = anyio.CapacityLimiter(2)
        self.routes = [
            public_route("/desk/sign-in", self._show, _SIGN_IN),
            public_route("/desk/sign-in", form_endpoint(self._enter, threads), _SIGN_IN, ["POST"]),
            guard.route("/desk/sign-out", self._leave, SIGNED_IN, ["POST"]),
            public_route("/desk/locked", self._locked, _LOCKED),
            public_route("/desk/waits", self._waits, _LOCKED),
        ]

    def _show(self, _request: Request) -> Response:
        return self._pages.write("sign-in.html", fault="", until=None)

    def _enter(self, request: Request, form: FormData) -> Response:
        values = [form.get(name) for name in ("login", "password", "code")]
        login, password, code = (value.strip() if isinstance(value, str) else "" for value in values)
        tried = SignIn(login[:64], password[:200], code[:64], source_of(request, self._context.secret))
        try:
            token = sign_in(self._context, tried)
        except SignInError:
            return self._pages.write("sign-in.html", HTTPStatus.FORBIDDEN, fault="wrong", until=None)
        except TooManyTriesError as error:
            status = HTTPStatus.TOO_MANY_REQUESTS
            return self._pages.write("sign-in.html", status, fault="wait", until=error.until)
        response = RedirectResponse("/desk", HTTPStatus.SEE_OTHER)
        self._guard.set_session_cookie(response, token)
        return response

    def _leave(self, request: StaffRequest) -> Response:
        sign_out(self._context, request.staff, request.token)
        response = RedirectResponse("/desk/locked", HTTPStatus.SEE_OTHER)
        self._guard.clear_session_cookie(response)
        return response

    def _locked(self, request: Request) -> Response:
        if self._guard.session_staff(request.cookies.get(COOKIE, ""), acts=False):
            return RedirectResponse("/desk", HTTPStatus.SEE_OTHER)
        if not self._guard.is_office_device(request):
            return RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER)
        queue = read_queue(self._context)
        return self._pages.write("locked.html", waiting=queue.waiting)

    def _waits(self, request: Request) -> Response:
        """How many cases wait, for an office device."""
        if not self._guard.is_office_device(request):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        queue = read_queue(self._context)
        return JSONResponse({"waiting": queue.waiting})
