"""The application: all routes of the server, its background jobs, and the headers on every answer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.handlers.app_context import AppContext
from bot.handlers.background_loop import repeat_forever
from bot.handlers.content.load_revisions import follow_revisions
from bot.web.chat.chat_page import ChatPage
from bot.web.chat.device_page import DevicePage
from bot.web.chat.private_page import PrivatePage
from bot.web.desk.desk import Desk
from bot.web.health_endpoints import Health
from bot.web.route_access import DeclaredRoute
from bot.web.studio.studio import Studio
from bot.web.webhooks import Webhooks

if TYPE_CHECKING:
    from bot.handlers.worker import Worker

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
"""Work that goes on while the site runs, and hands events to its webhooks."""
Job = Callable[[], Awaitable[None]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_site(
    context: AppContext,
    secrets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    worker: "Worker | None" = None,
    *,
    closes: bool = True,
    beside: Beside | None = None,
) -> Starlette:
    """The application. While it runs the worker works, and what is `beside` it; its end `closes` the database.

    `secrets` open the webhooks of platforms (`Webhooks`).
    """
    pages = SitePages(ChatPage(context), Desk(context), Studio(context))
    webhooks = Webhooks(context, secrets, worker.ring if worker else lambda: None)
    jobs = _background_jobs(context, worker, partial(beside, webhooks) if beside else None)
    return Starlette(
        routes=[*webhooks.routes, *Health(context).routes, *_page_routes(context, pages), _static_files()],
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={HTTPException: pages.refused, Exception: pages.broken},
        lifespan=_lifespan(context, jobs, closes=closes),
    )


@dataclass(frozen=True)
class SitePages:
    """The three parts of the site that people look at. Each shows its own error pages."""

    chat: ChatPage
    desk: Desk
    studio: Studio

    async def refused(self, request: Request, error: Exception) -> Response:
        """The page for an HTTPException; on the event loop, because no thread may be free."""
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        return self._failed(request, HTTPStatus(status))

    async def broken(self, request: Request, error: Exception) -> Response:
        """The page for a fault of ours. Its message is not logged: it may carry a resident's words."""
        log.error("request_failed", error=type(error).__name__)
        return self._failed(request, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _failed(self, request: Request, status: HTTPStatus) -> Response:
        parts: Mapping[str, Desk | Studio] = {"desk": self.desk, "studio": self.studio}
        return parts.get(request.url.path.split("/")[1], self.chat).failed(status)


def _page_routes(context: AppContext, pages: SitePages) -> list[DeclaredRoute]:
    return [
        *pages.chat.routes,
        *DevicePage(context, pages.chat).routes,
        *PrivatePage(context, pages.chat).routes,
        *pages.desk.routes,
        *pages.studio.routes,
    ]


def _static_files() -> Mount:
    """Style sheets, scripts and the icon: open to everybody, with no word of anybody."""
    return Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")


def _background_jobs(context: AppContext, worker: "Worker | None", beside: Job | None) -> list[Job]:
    """A site without a worker follows published revisions by itself."""
    main: Job = worker.run if worker else lambda: repeat_forever(partial(follow_revisions, context))
    return [main, beside] if beside else [main]


def _lifespan(context: AppContext, jobs: Sequence[Job], *, closes: bool) -> Lifespan:
    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        # The model takes a second to load: meanwhile the pages are there, and triage by lists needs no model.
        threading.Thread(target=context.content.warm_up, name="warm-up", daemon=True).start()
        running = [asyncio.ensure_future(job()) for job in jobs]
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if closes:
            context.store.close()

    return life


class SafeHeaders:
    """Middleware: headers on every answer that keep other sites out, and pages out of every cache."""

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
