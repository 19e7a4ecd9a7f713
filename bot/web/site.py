"""All addresses of the server, and what every answer carries."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.handlers.app_context import AppContext
from bot.handlers.content.load_revisions import follow_revisions
from bot.handlers.worker import Worker, forever
from bot.web.chat.chat_page import ChatPage
from bot.web.chat.device_page import DevicePage
from bot.web.chat.private_page import PrivatePage
from bot.web.desk.desk import Desk
from bot.web.health_endpoints import Health
from bot.web.studio.studio import Studio
from bot.web.webhooks import Webhooks

log = structlog.get_logger()

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}


Beside = Callable[[Webhooks], Awaitable[None]]
"""Work that goes on while the site runs, with the doors in its hand."""


def build_site(
    context: AppContext,
    secrets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    worker: Worker | None = None,
    *,
    closes: bool = True,
    beside: Beside | None = None,
) -> Starlette:
    """The application. While it runs the worker works, and what is `beside` it; its end `closes` the database.

    `secrets` open the doors of platforms (`Webhooks`).
    """
    page, health, desk, studio = ChatPage(context), Health(context), Desk(context), Studio(context)
    doors = Webhooks(context, secrets, worker.ring if worker else lambda: None)

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        # The model takes a second to load: meanwhile the pages are there, and triage by lists needs no model.
        threading.Thread(target=context.content.warm_up, name="warm-up", daemon=True).start()
        alone = worker.run() if worker else forever(partial(follow_revisions, context))
        working = [asyncio.ensure_future(each) for each in (alone, beside and beside(doors)) if each]
        yield
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        if closes:
            context.store.close()

    def failed(request: Request, status: HTTPStatus) -> Response:
        place = request.url.path.split("/")[1]
        if place == "studio":
            return studio.failed(status)
        return desk.failed(status) if place == "desk" else page.failed(status)

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        return failed(request, HTTPStatus(status))

    async def broken(request: Request, error: Exception) -> Response:
        log.error("request_failed", error=type(error).__name__)
        return failed(request, HTTPStatus.INTERNAL_SERVER_ERROR)

    routes = [
        Route("/", page.show),
        Route("/messages", page.write, methods=["POST"]),
        Route("/clear", page.clear, methods=["POST"]),
        Route("/clear", page.cleared),
        *doors.routes,
        *DevicePage(context, page).routes,
        *PrivatePage(context, page).routes,
        *desk.routes,
        *studio.routes,
        Route("/healthz", health.healthz),
        Route("/metrics", health.metrics),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static"),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={HTTPException: refused, Exception: broken},
        lifespan=life,
    )


class SafeHeaders:
    """Puts the headers on every answer that keep pages to themselves, and out of every cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = dict(_HEADERS)
                own["cache-control"] = "max-age=86400" if scope["path"].startswith("/static/") else "no-store"
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in own.items())]
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)
