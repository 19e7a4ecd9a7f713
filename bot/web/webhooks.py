"""The doors for platforms: verify, keep, and only then answer 200."""

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus

import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot.channels.line.line_door import is_signed, read_body
from bot.domain.messages import Event
from bot.handlers.house import House
from bot.handlers.keep_events import keep

log = structlog.get_logger()

LINE = "line"
LARGEST = 4_000_000
"""Bytes of a body. LINE's own are a few kilobytes; a longer one is not read to its end."""


class Webhooks:
    """One door for each platform that is connected. `ring` wakes the worker of this process, if it has one."""

    def __init__(self, house: House, line_secrets: Sequence[str], ring: Callable[[], None]) -> None:
        self._house = house
        self._line_secrets = line_secrets
        self._ring = ring
        # As many at once as one sync of the disk may take along.
        self._threads = anyio.CapacityLimiter(64)

    async def line(self, request: Request) -> Response:
        """`POST /webhooks/line`: 200 when everything in it is kept, 400 unsigned, 500 when it could not be kept."""
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not is_signed(body, request.headers.get("x-line-signature"), self._line_secrets):
            log.warning("webhook_not_signed", channel=LINE, bytes=len(body))
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return await self._keep(LINE, read_body(body, self._house.now()))

    async def _keep(self, channel: str, events: list[Event]) -> Response:
        if events:
            work = partial(keep, self._house, channel, events)
            try:
                await anyio.to_thread.run_sync(work, limiter=self._threads)
            except SQLAlchemyError as error:
                log.error("alarm_events_not_kept", channel=channel, error=type(error).__name__, events=len(events))
                return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
            self._ring()
        return Response(status_code=HTTPStatus.OK)


async def _read(request: Request) -> bytes | None:
    """The body; None where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
