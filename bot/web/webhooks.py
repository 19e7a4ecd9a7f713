"""The doors for platforms: verify, keep, and only then answer 200."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus

import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.line import line_webhook
from bot.channels.loose_json import Json
from bot.channels.telegram import telegram_webhook
from bot.domain.messages import Event
from bot.handlers.app_context import AppContext
from bot.handlers.inbox.store_events import store_events

log = structlog.get_logger()

LINE, TELEGRAM = "line", "telegram"
LARGEST = 4_000_000
"""Bytes of a body. Those of platforms are a few kilobytes; a longer one is not read to its end."""


class Webhooks:
    """One door for each platform that is connected. `ring` wakes the worker of this process, if it has one.

    `secrets`: by the platform's name, newest first; a platform without any has no door.
    """

    def __init__(self, context: AppContext, secrets: Mapping[str, Sequence[str]], ring: Callable[[], None]) -> None:
        self._context = context
        self._secrets = secrets
        self._ring = ring
        # As many at once as one sync of the disk may take along.
        self._threads = anyio.CapacityLimiter(64)
        doors = {LINE: self.line, TELEGRAM: self.telegram}
        self.routes = [Route(f"/webhooks/{each}", doors[each], methods=["POST"]) for each in doors if secrets.get(each)]

    async def line(self, request: Request) -> Response:
        """`POST /webhooks/line`: 200 when everything in it is kept, 400 unsigned, 500 when it could not be kept."""
        body = await _read(request)
        if isinstance(body, Response):
            return body
        if not line_webhook.is_signed(body, request.headers.get("x-line-signature"), self._secrets[LINE]):
            log.warning("webhook_not_signed", channel=LINE, bytes=len(body))
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return await self._keep(LINE, line_webhook.read_body(body, self._context.clock())) or Response()

    async def telegram(self, request: Request) -> Response:
        """`POST /webhooks/telegram`: 200 when it is kept, 401 without the secret, 500 when it could not be kept."""
        if not telegram_webhook.is_authentic(
            request.headers.get(telegram_webhook.SECRET_HEADER), self._secrets[TELEGRAM]
        ):
            log.warning("webhook_not_signed", channel=TELEGRAM)
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        body = await _read(request)
        if isinstance(body, Response):
            return body
        events = telegram_webhook.read_body(body, self._context.clock())
        if refused := await self._keep(TELEGRAM, events):
            return refused
        ask = telegram_webhook.immediate_answer(body, events)
        return JSONResponse(ask) if ask else Response()

    async def take_fetched(self, body: bytes) -> Json | None:
        """Keep an update that was fetched from Telegram; what it is asked to do at once. Raises SQLAlchemyError."""
        events = telegram_webhook.read_body(body, self._context.clock())
        await self._keep_now(TELEGRAM, events)
        return telegram_webhook.immediate_answer(body, events)

    async def _keep(self, channel: str, events: list[Event]) -> Response | None:
        """Keep the events; the refusal where that could not be done."""
        try:
            await self._keep_now(channel, events)
        except SQLAlchemyError as error:
            log.error("alarm_events_not_kept", channel=channel, error=type(error).__name__, events=len(events))
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        return None

    async def _keep_now(self, channel: str, events: list[Event]) -> None:
        if events:
            await anyio.to_thread.run_sync(partial(store_events, self._context, channel, events), limiter=self._threads)
            self._ring()


async def _read(request: Request) -> bytes | Response:
    """The body, or the refusal of one that is too large or not whole."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return bytes(body)
