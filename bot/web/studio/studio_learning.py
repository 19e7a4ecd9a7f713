"""「分からなかった文」: messages the bot did not understand, and lessons taught from them."""

from http import HTTPStatus

import anyio
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.content.cards.cards import NoSuchCardError
from bot.content.content_faults import ContentError
from bot.domain.catalog import Catalog
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.preview_lesson import preview_lesson
from bot.handlers.content.teach_from_unmatched import Lesson, LessonError, LessonTarget, read_clusters, teach
from bot.web.staff_guard import PageOptions, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_CLUSTERS_SHOWN = 50


class StudioLearning:
    """`/studio/learning`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        single = PageOptions(threads=anyio.CapacityLimiter(1))
        self.routes = [
            guard.route("/studio/learning", self._show, Permission.EDIT_CONTENT),
            guard.route("/studio/learning/{group:str}/try", self._try, Permission.EDIT_CONTENT, ["POST"], single),
            guard.route("/studio/learning/{group:str}/teach", self._teach, Permission.EDIT_CONTENT, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _page(self, request: StaffRequest, fault: str = "") -> Response:
        clusters, verdicts = read_clusters(self._context)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.show(
            request, "learning.html", status, clusters=clusters[:_CLUSTERS_SHOWN], more=len(clusters),
            verdicts=verdicts, fault=fault, catalog=self._catalog(), titles=self._titles(),
        )  # fmt: skip

    def _try(self, request: StaffRequest) -> Response:
        """Preview what the lesson would change, without storing it."""
        group, taught = request.path_params["group"], _read_lesson(request)
        try:
            preview = preview_lesson(self._context, group, taught)
        except (LessonError, NoSuchCardError):
            return self._page(request, "lesson")
        except ContentError:
            return self._page(request, "draft")
        return self._pages.show(
            request, "lesson.html", group=group, taught=taught, preview=preview,
            titles=self._titles(),
        )  # fmt: skip

    def _teach(self, request: StaffRequest) -> Response:
        taught = _read_lesson(request)
        try:
            teach(self._context, request.staff, request.path_params["group"], taught)
        except (LessonError, NoSuchCardError):
            return self._page(request, "lesson")
        return RedirectResponse("/studio/learning", HTTPStatus.SEE_OTHER)

    def _catalog(self) -> Catalog:
        return self._context.content.catalog

    def _titles(self) -> dict[str, str]:
        """Titles of entries and subjects by id."""
        catalog = self._catalog()
        subjects = {subject.id: subject.title for subject in catalog.not_ours}
        return subjects | {entry.id: entry.title for entry in catalog.entries}


def _read_lesson(request: StaffRequest) -> LessonTarget:
    lesson = request.field("lesson")
    if lesson not in set(Lesson):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    kind = Lesson(lesson)
    field = {Lesson.NOT_OURS: "subject", Lesson.SYNONYM: "usual"}.get(kind, "entry")
    return LessonTarget(kind, " ".join(request.field("words").split()), request.field(field).strip())
