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


EventSource = Callable[[Webhooks], Awaitable[None]]
"""Runs as long as the site, and passes the events it fetches to the webhooks."""
Job = Callable[[], Awaitable[None]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_site(
    context: AppContext,
    secrets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    worker: "Worker | None" = None,
    *,
    closes: bool = True,
    event_source: EventSource | None = None,
) -> Starlette:
    """The application. `worker` and `event_source` run as long as it does; `closes`: shutdown closes the database.

    `secrets`: of the platforms' webhooks (`Webhooks`).
    """
    pages = SitePages(ChatPage(context), Desk(context), Studio(context))
    webhooks = Webhooks(context, secrets, worker.wake if worker else lambda: None)
    jobs = _background_jobs(context, worker, partial(event_source, webhooks) if event_source else None)
    return Starlette(
        routes=[*webhooks.routes, *Health(context).routes, *_page_routes(context, pages), _static_files()],
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={HTTPException: pages.refused, Exception: pages.broken},
        lifespan=_lifespan(context, jobs, closes=closes),
    )


@dataclass(frozen=True)
class SitePages:
    """The three groups of pages. Each has its own error page."""

    chat: ChatPage
    desk: Desk
    studio: Studio

    async def refused(self, request: Request, error: Exception) -> Response:
        """The page for an HTTPException. Runs on the event loop, because all threads may be busy."""
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        return self._failed(request, HTTPStatus(status))

    async def broken(self, request: Request, error: Exception) -> Response:
        """The page for an internal error. Its message is not logged, as it may contain a resident's words."""
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
    """Style sheets, scripts and the icon: public, without personal data."""
    return Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")


def _background_jobs(context: AppContext, worker: "Worker | None", event_source: Job | None) -> list[Job]:
    """A site without a worker still loads newly published revisions."""
    main: Job = worker.run if worker else lambda: repeat_forever(partial(follow_revisions, context))
    return [main, event_source] if event_source else [main]


def _lifespan(context: AppContext, jobs: Sequence[Job], *, closes: bool) -> Lifespan:
    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        # The model takes a second to load: pages work meanwhile, and triage by word lists needs no model.
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
    """Middleware that adds security headers to every response, and keeps pages out of caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = dict(_HEADERS)
                own["cache-control"] = "max-age=86400" if scope["path"].startswith("/static/") else "no-store"
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in own.items())]
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)
