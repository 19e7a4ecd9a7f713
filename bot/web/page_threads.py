"""Plain pages run in threads: what reads the database or a password never stands on the event loop."""

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
    """The page in a pool of its own. Plain endpoints without one share Starlette's pool of 40 threads."""

    async def answer(request: Request) -> Response:
        return await anyio.to_thread.run_sync(page, request, limiter=threads)

    return answer


def form_endpoint(
    page: Callable[[Request, FormData], Response], threads: anyio.CapacityLimiter | None = None
) -> AsyncEndpoint:
    """The page with the form that was sent to it, read before a thread is taken."""

    async def answer(request: Request) -> Response:
        form = await read_form(request)
        return await anyio.to_thread.run_sync(page, request, form, limiter=threads)

    return answer


async def read_form(request: Request, *, uploads: bool = False) -> FormData:
    """A form that a page of this site sent, of ordinary size. Raises HTTPException."""
    limit = _UPLOAD_LIMIT if uploads else _FORM_LIMIT
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(HTTPStatus.FORBIDDEN)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await request.form(max_files=int(uploads), max_fields=_MOST_FIELDS, max_part_size=limit)
