"""The way of a draft to residents: what it changes, its proof, a second person, and only then the publish."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import discard
from bot.handlers.content.publish import NoReasonError, NotCheckedError, OwnRequestError, publish, request_publish
from bot.handlers.content.regression_jobs import STEPS, request_check
from bot.handlers.content.regression_report import RegressionReport, load_report
from bot.handlers.content.studio_views import Home, read_home
from bot.storage.content.revision_rows import BehindError
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_FAULTS: dict[type[Exception], tuple[str, HTTPStatus]] = {
    NotCheckedError: ("not-proved", HTTPStatus.CONFLICT),
    OwnRequestError: ("own-request", HTTPStatus.FORBIDDEN),
    NoReasonError: ("no-reason", HTTPStatus.UNPROCESSABLE_ENTITY),
    BehindError: ("behind", HTTPStatus.CONFLICT),
}


class StudioPublish:
    """`/studio/publish` and its buttons."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/studio/publish", guard.guarded(self._show)),
            Route("/studio/publish", guard.guarded(self._publish), methods=["POST"]),
            Route("/studio/publish/progress", guard.guarded(self._progress, acts=False)),
            Route("/studio/publish/prove", guard.guarded(self._prove), methods=["POST"]),
            Route("/studio/publish/want", guard.guarded(self._want), methods=["POST"]),
            Route("/studio/publish/discard", guard.guarded(self._discard), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return await self._page(visit)

    async def _progress(self, visit: StaffRequest) -> Response:
        """The part of the page that changes by itself."""
        return HTMLResponse(self._pages.part("proof.html", **await self._what(visit)))

    async def _prove(self, visit: StaffRequest) -> Response:
        await anyio.to_thread.run_sync(request_check, self._context, visit.staff)
        return _back()

    async def _want(self, visit: StaffRequest) -> Response:
        work = partial(request_publish, self._context, visit.staff, visit.field("digest"), visit.field("reason"))
        return await self._done(visit, work)

    async def _publish(self, visit: StaffRequest) -> Response:
        work = partial(publish, self._context, visit.staff, visit.field("digest"), visit.field("reason"))
        return await self._done(visit, work)

    async def _discard(self, visit: StaffRequest) -> Response:
        await anyio.to_thread.run_sync(discard, self._context, visit.staff)
        return RedirectResponse("/studio", HTTPStatus.SEE_OTHER)

    async def _done(self, visit: StaffRequest, work: Callable[[], object]) -> Response:
        try:
            await anyio.to_thread.run_sync(work)
        except tuple(_FAULTS) as error:
            fault, status = _FAULTS[type(error)]
            return await self._page(visit, fault, status)
        return _back()

    async def _page(self, visit: StaffRequest, fault: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        return self._pages.write("publish.html", status, fault=fault, **await self._what(visit))

    async def _what(self, visit: StaffRequest) -> dict[str, object]:
        require(visit.staff, Permission.EDIT_CONTENT)
        home: Home = await anyio.to_thread.run_sync(read_home, self._context, visit.staff)
        found = home.row.found if home.row else None
        proof: RegressionReport | None = load_report(found) if found else None
        catalog = self._context.content.catalog
        titles = {entry.id: entry.title for entry in catalog.entries}
        return {
            "me": visit.staff, "csrf": visit.csrf, "home": home, "proof": proof, "steps": STEPS, "titles": titles,
            "second_reader": catalog.publishing.second_reader, "digest": home.draft.digest,
        }  # fmt: skip


def _back() -> Response:
    return RedirectResponse("/studio/publish", HTTPStatus.SEE_OTHER)
