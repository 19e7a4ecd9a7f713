"""Run synchronous pages in threads, so that database reads and password hashing never block the event loop."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import anyio
import anyio.to_thread
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_FORM_LIMIT = 200_000
_UPLOAD_LIMIT = 8_000_000
_MOST_FIELDS = 300

AsyncEndpoint = Callable[[Request], Awaitable[Response]]


def pooled_endpoint(page: Callable[[Request], Response], threads: anyio.CapacityLimiter) -> AsyncEndpoint:
    """Run the page in its own thread pool. Synchronous endpoints without one share Starlette's 40 threads."""

    async def answer(request: Request) -> Response:
        return await anyio.to_thread.run_sync(page, request, limiter=threads)

    return answer


def form_endpoint(
    page: Callable[[Request, FormData], Response], threads: anyio.CapacityLimiter | None = None
) -> AsyncEndpoint:
    """Read the form on the event loop, then run the page in a thread."""

    async def answer(request: Request) -> Response:
        form = await read_form(request)
        return await anyio.to_thread.run_sync(page, request, form, limiter=threads)

    return answer


async def read_form(request: Request, *, uploads: bool = False) -> FormData:
    """Raises HTTPException if the form is too large or was sent from another site."""
    limit = _UPLOAD_LIMIT if uploads else _FORM_LIMIT
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(HTTPStatus.FORBIDDEN)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await request.form(max_files=int(uploads), max_fields=_MOST_FIELDS, max_part_size=limit)
