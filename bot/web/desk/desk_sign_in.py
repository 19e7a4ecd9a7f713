"""Signing in and out, and the screen that shows only that someone waits."""

from functools import partial
from http import HTTPStatus

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.handlers.app_context import AppContext
from bot.handlers.cases.desk_views import read_queue
from bot.handlers.staff.sign_in import SignIn, SignInError, sign_in, sign_out
from bot.handlers.staff.throttle import TooManyTriesError
from bot.web.chat.visitors import source_of
from bot.web.staff_guard import COOKIE, StaffGuard, StaffRequest, read_form
from bot.web.staff_pages import StaffPages


class DeskSignIn:
    """`/desk/sign-in`, `/desk/sign-out`, `/desk/locked`, `/desk/waits`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._guard = guard
        self._pages = pages
        # Looking at a password takes 64 MB.
        self._threads = anyio.CapacityLimiter(2)
        self.routes = [
            Route("/desk/sign-in", self._show),
            Route("/desk/sign-in", self._enter, methods=["POST"]),
            Route("/desk/sign-out", guard.guarded(self._leave), methods=["POST"]),
            Route("/desk/locked", self._locked),
            Route("/desk/waits", self._waits),
        ]

    async def _show(self, _request: Request) -> Response:
        return self._pages.write("sign-in.html", fault="", until=None)

    async def _enter(self, request: Request) -> Response:
        form = await read_form(request)
        values = [form.get(name) for name in ("login", "password", "code")]
        login, password, code = (value.strip() if isinstance(value, str) else "" for value in values)
        tried = SignIn(login[:64], password[:200], code[:64], source_of(request, self._context.secret))
        try:
            token = await anyio.to_thread.run_sync(partial(sign_in, self._context, tried), limiter=self._threads)
        except SignInError:
            return self._pages.write("sign-in.html", HTTPStatus.FORBIDDEN, fault="wrong", until=None)
        except TooManyTriesError as error:
            status = HTTPStatus.TOO_MANY_REQUESTS
            return self._pages.write("sign-in.html", status, fault="wait", until=error.until)
        response = RedirectResponse("/desk", HTTPStatus.SEE_OTHER)
        self._guard.set_session_cookie(response, token)
        return response

    async def _leave(self, visit: StaffRequest) -> Response:
        await anyio.to_thread.run_sync(sign_out, self._context, visit.staff, visit.token)
        response = RedirectResponse("/desk/locked", HTTPStatus.SEE_OTHER)
        self._guard.clear_session_cookie(response)
        return response

    async def _locked(self, request: Request) -> Response:
        if await self._guard.who(request.cookies.get(COOKIE, ""), acts=False):
            return RedirectResponse("/desk", HTTPStatus.SEE_OTHER)
        if not self._guard.is_office_device(request):
            return RedirectResponse("/desk/sign-in", HTTPStatus.SEE_OTHER)
        queue = await anyio.to_thread.run_sync(read_queue, self._context)
        return self._pages.write("locked.html", waiting=queue.waiting)

    async def _waits(self, request: Request) -> Response:
        """How many wait, for the screen of an office where somebody was signed in today."""
        if not self._guard.is_office_device(request):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        queue = await anyio.to_thread.run_sync(read_queue, self._context)
        return JSONResponse({"waiting": queue.waiting})
