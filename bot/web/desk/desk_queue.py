"""The queue: a page that updates itself by a stream of events, and by asking where the stream breaks."""

import asyncio
from collections.abc import AsyncIterator

import anyio.to_thread
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.cases.desk_views import Queue, read_case_state, read_queue
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_LOOK_EVERY = 2.0
_SAY_EVERY = 10.0
_STREAM_LASTS = 60.0
"""Seconds; the page then connects again. A server that is told to end does not wait longer for its pages."""


class DeskQueue:
    """`/desk`, `/desk/queue`, `/desk/stream`, and what every page asks by itself: `/desk/alive`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._guard = guard
        self._pages = pages
        self.routes = [
            Route("/desk", guard.guarded(self._show)),
            Route("/desk/queue", guard.guarded(self._part, acts=False)),
            Route("/desk/stream", guard.guarded(self._stream, acts=False)),
            Route("/desk/alive", guard.guarded(self._alive, acts=False)),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.SEE_QUEUE)
        return self._pages.write("queue.html", me=visit.staff, csrf=visit.csrf, queue=await self._queue())

    async def _part(self, visit: StaffRequest) -> Response:
        """The list alone, for a browser whose stream is broken."""
        require(visit.staff, Permission.SEE_QUEUE)
        return HTMLResponse(self._write(visit, await self._queue()))

    async def _alive(self, visit: StaffRequest) -> Response:
        """Whether the session lasts, and what the case on the screen (`case`) is like now. `acts`: somebody types."""
        if visit.request.query_params.get("acts"):
            await self._guard.who(visit.token)
        number = visit.request.query_params.get("case", "")
        seen = await anyio.to_thread.run_sync(read_case_state, self._context, number) if number else ""
        return JSONResponse({"seen": seen})

    async def _stream(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.SEE_QUEUE)
        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(self._events(visit), media_type="text/event-stream", headers=headers)

    async def _events(self, visit: StaffRequest) -> AsyncIterator[str]:
        """The list whenever it changes, and every ten seconds, so that the page knows how old its picture is."""
        loop = asyncio.get_running_loop()
        end, said_at, before = loop.time() + _STREAM_LASTS, 0.0, ""
        while loop.time() < end:
            if await self._guard.who(visit.token, acts=False) is None:
                yield "event: locked\ndata: \n\n"
                return
            queue = await self._queue()
            key = repr([(row.case, row.owner) for row in queue.rows])
            if key != before or loop.time() - said_at > _SAY_EVERY:
                before, said_at = key, loop.time()
                lines = "".join(f"data: {line}\n" for line in self._write(visit, queue).splitlines())
                yield f"event: queue\n{lines}\n"
            await asyncio.sleep(_LOOK_EVERY)

    async def _queue(self) -> Queue:
        return await anyio.to_thread.run_sync(read_queue, self._context)

    def _write(self, visit: StaffRequest, queue: Queue) -> str:
        return self._pages.part("queue-list.html", me=visit.staff, csrf=visit.csrf, queue=queue)
