"""The queue page, updated by server-sent events, or by polling if the stream breaks."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response, StreamingResponse

from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.cases.desk_views import Queue, read_queue
from bot.web.route_access import SIGNED_IN
from bot.web.staff_guard import POLLS, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_POLL_SECONDS = 2.0
_REPEAT_SECONDS = 10.0
_STREAM_SECONDS = 60.0
"""Seconds; then the page reconnects. A server that shuts down does not wait longer for its streams."""


class DeskQueue:
    """`/desk`, `/desk/queue`, `/desk/stream`, and `/desk/alive`, which every page polls."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._guard = guard
        self._pages = pages
        self.routes = [
            guard.route("/desk", self._show, Permission.SEE_QUEUE),
            guard.route("/desk/queue", self._part, Permission.SEE_QUEUE, options=POLLS),
            guard.route("/desk/stream", self._stream, Permission.SEE_QUEUE, options=POLLS),
            guard.route("/desk/alive", self._alive, SIGNED_IN, options=POLLS),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._pages.show(request, "queue.html", queue=read_queue(self._context))

    def _part(self, request: StaffRequest) -> Response:
        """The list alone, polled by a browser whose stream is broken."""
        return HTMLResponse(self._write(request, read_queue(self._context)))

    def _alive(self, _request: StaffRequest) -> Response:
        """Only shows that the session is valid. The state of an open case has its own route."""
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _stream(self, request: StaffRequest) -> Response:
        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(self._events(request), media_type="text/event-stream", headers=headers)

    async def _events(self, request: StaffRequest) -> AsyncIterator[str]:
        """The list whenever it changes, and every ten seconds, so that the page can detect a broken stream."""
        loop = asyncio.get_running_loop()
        end, sent_at, before = loop.time() + _STREAM_SECONDS, 0.0, ""
        while loop.time() < end:
            if await run_in_threadpool(self._guard.session_staff, request.token, acts=False) is None:
                yield "event: locked\ndata: \n\n"
                return
            queue = await run_in_threadpool(read_queue, self._context)
            key = repr([(row.case, row.owner) for row in queue.rows])
            if key != before or loop.time() - sent_at > _REPEAT_SECONDS:
                before, sent_at = key, loop.time()
                lines = "".join(f"data: {line}\n" for line in self._write(request, queue).splitlines())
                yield f"event: queue\n{lines}\n"
            await asyncio.sleep(_POLL_SECONDS)

    def _write(self, request: StaffRequest, queue: Queue) -> str:
        return self._pages.part("queue-list.html", me=request.staff, csrf=request.csrf, queue=queue)
