"""The webhooks of the platforms: verify, store, and only then answer 200."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.channels.line import line_webhook
from bot.channels.loose_json import Json
from bot.channels.telegram import telegram_webhook
from bot.domain.messages import Event
from bot.handlers.app_context import AppContext
from bot.handlers.inbox.store_events import store_events
from bot.web.route_access import Public, public_route

log = structlog.get_logger()

LINE, TELEGRAM = "line", "telegram"
_SIGNED = Public("platforms sign their requests; unsigned ones are refused")
LARGEST = 4_000_000
"""Bytes of a request body. Platforms send a few kilobytes; reading stops beyond the limit."""


class Webhooks:
    """One route for each platform that is connected. `wake_worker` is called after events are stored.

    `secrets`: by the platform's name, newest first; a platform without any has no route.
    """

    def __init__(
        self, context: AppContext, secrets: Mapping[str, Sequence[str]], wake_worker: Callable[[], None]
    ) -> None:
        self._context = context
        self._secrets = secrets
        self._wake_worker = wake_worker
        # As many as the database commits with one disk sync.
        self._threads = anyio.CapacityLimiter(64)
        endpoints = {LINE: self._line, TELEGRAM: self._telegram}
        self.routes = [
            public_route(f"/webhooks/{channel}", endpoint, _SIGNED, ["POST"])
            for channel, endpoint in endpoints.items()
            if secrets.get(channel)
        ]

    async def _line(self, request: Request) -> Response:
        """200 when every event is stored, 400 unsigned, 500 when the events could not be stored."""
        body = await _read(request)
        if isinstance(body, Response):
            return body
        if not line_webhook.is_signed(body, request.headers.get("x-line-signature"), self._secrets[LINE]):
            log.warning("webhook_not_signed", channel=LINE, bytes=len(body))
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return await self._store(LINE, line_webhook.read_body(body, self._context.clock())) or Response()

    async def _telegram(self, request: Request) -> Response:
        """200 when the update is stored, 401 without the secret, 500 when it could not be stored."""
        if not telegram_webhook.is_authentic(
            request.headers.get(telegram_webhook.SECRET_HEADER), self._secrets[TELEGRAM]
        ):
            log.warning("webhook_not_signed", channel=TELEGRAM)
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        body = await _read(request)
        if isinstance(body, Response):
            return body
        events = telegram_webhook.read_body(body, self._context.clock())
        if refused := await self._store(TELEGRAM, events):
            return refused
        ask = telegram_webhook.immediate_answer(body, events)
        return JSONResponse(ask) if ask else Response()

    async def store_fetched(self, body: bytes) -> Json | None:
        """Store an update that was polled; returns the call to make to Telegram at once. Raises SQLAlchemyError."""
        events = telegram_webhook.read_body(body, self._context.clock())
        await self._store_now(TELEGRAM, events)
        return telegram_webhook.immediate_answer(body, events)

    async def _store(self, channel: str, events: list[Event]) -> Response | None:
        """Store the events; returns an error response if that fails."""
        try:
            await self._store_now(channel, events)
        except SQLAlchemyError as error:
            log.error("alarm_events_not_kept", channel=channel, error=type(error).__name__, events=len(events))
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        return None

    async def _store_now(self, channel: str, events: list[Event]) -> None:
        if events:
            await anyio.to_thread.run_sync(store_events, self._context, channel, events, limiter=self._threads)
            self._wake_worker()


async def _read(request: Request) -> bytes | Response:
    """The body, or an error response if it is too large or incomplete."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return bytes(body)
