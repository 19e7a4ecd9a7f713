"""Publishing a draft: its changes, the regression check, approval by a second person, publication."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.domain.staff.permissions import Permission, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_jobs import STEPS, request_check
from bot.handlers.content.checks.regression_report import RegressionReport, load_report
from bot.handlers.content.edit_draft import discard
from bot.handlers.content.publish import NoReasonError, NotCheckedError, OwnRequestError, publish, request_publish
from bot.handlers.content.studio_views import read_home
from bot.storage.content.revision_rows import BehindError
from bot.web.staff_guard import POLLS, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

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
            guard.route("/studio/publish", self._show, Permission.EDIT_CONTENT),
            guard.route("/studio/publish", self._publish, Permission.EDIT_CONTENT, ["POST"]),
            guard.route("/studio/publish/progress", self._progress, Permission.EDIT_CONTENT, options=POLLS),
            guard.route("/studio/publish/prove", self._prove, Permission.EDIT_CONTENT, ["POST"]),
            guard.route("/studio/publish/want", self._want, Permission.EDIT_CONTENT, ["POST"]),
            guard.route("/studio/publish/discard", self._discard, Permission.EDIT_CONTENT, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _progress(self, request: StaffRequest) -> Response:
        """The part of the page that is polled."""
        return HTMLResponse(self._pages.part("proof.html", **self._values(request)))

    def _prove(self, request: StaffRequest) -> Response:
        request_check(self._context, request.staff)
        return _back()

    def _want(self, request: StaffRequest) -> Response:
        return self._run(request, request_publish)

    def _publish(self, request: StaffRequest) -> Response:
        return self._run(request, publish)

    def _discard(self, request: StaffRequest) -> Response:
        discard(self._context, request.staff)
        return RedirectResponse("/studio", HTTPStatus.SEE_OTHER)

    def _run(self, request: StaffRequest, work: Callable[[AppContext, Staff, str, str], object]) -> Response:
        try:
            work(self._context, request.staff, request.field("digest"), request.field("reason"))
        except tuple(_FAULTS) as error:
            fault, status = _FAULTS[type(error)]
            return self._page(request, fault, status)
        return _back()

    def _page(self, request: StaffRequest, fault: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        return self._pages.write("publish.html", status, fault=fault, **self._values(request))

    def _values(self, request: StaffRequest) -> dict[str, object]:
        home = read_home(self._context)
        report = home.row.found if home.row else None
        proof: RegressionReport | None = load_report(report) if report else None
        catalog = self._context.content.catalog
        titles = {entry.id: entry.title for entry in catalog.entries}
        return {
            "me": request.staff, "csrf": request.csrf, "home": home, "proof": proof, "steps": STEPS, "titles": titles,
            "second_reader": catalog.publishing.second_reader, "digest": home.draft.digest,
        }  # fmt: skip


def _back() -> Response:
    return RedirectResponse("/studio/publish", HTTPStatus.SEE_OTHER)
