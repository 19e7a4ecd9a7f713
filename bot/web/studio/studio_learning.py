"""「分からなかった文」: what residents wrote and the bot did not understand, and what it can become."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.content.cards.cards import NoSuchCardError
from bot.content.content_faults import ContentError
from bot.domain.catalog import Catalog
from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.preview_lesson import Preview, preview_lesson
from bot.handlers.content.teach_from_unmatched import Lesson, LessonError, LessonTarget, read_clusters, teach
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_HEAPS_SHOWN = 50


class StudioLearning:
    """`/studio/learning`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self._threads = anyio.CapacityLimiter(1)
        self.routes = [
            Route("/studio/learning", guard.guarded(self._show)),
            Route("/studio/learning/{group:str}/try", guard.guarded(self._try), methods=["POST"]),
            Route("/studio/learning/{group:str}/teach", guard.guarded(self._teach), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return await self._page(visit)

    async def _page(self, visit: StaffRequest, fault: str = "") -> Response:
        heaps, verdicts = await anyio.to_thread.run_sync(read_clusters, self._context, visit.staff)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.write(
            "learning.html", status, me=visit.staff, csrf=visit.csrf, heaps=heaps[:_HEAPS_SHOWN], more=len(heaps),
            verdicts=verdicts, fault=fault, catalog=self._catalog(), titles=self._titles(),
        )  # fmt: skip

    async def _try(self, visit: StaffRequest) -> Response:
        """What the lesson would change; nothing is kept yet."""
        require(visit.staff, Permission.EDIT_CONTENT)
        group, taught = visit.request.path_params["group"], _taught(visit)
        work = partial(preview_lesson, self._context, visit.staff, group, taught)
        try:
            preview: Preview = await anyio.to_thread.run_sync(work, limiter=self._threads)
        except (LessonError, NoSuchCardError):
            return await self._page(visit, "lesson")
        except ContentError:
            return await self._page(visit, "draft")
        return self._pages.write(
            "lesson.html", me=visit.staff, csrf=visit.csrf, group=group, taught=taught, preview=preview,
            titles=self._titles(),
        )  # fmt: skip

    async def _teach(self, visit: StaffRequest) -> Response:
        work = partial(teach, self._context, visit.staff, visit.request.path_params["group"], _taught(visit))
        try:
            await anyio.to_thread.run_sync(work)
        except (LessonError, NoSuchCardError):
            return await self._page(visit, "lesson")
        return RedirectResponse("/studio/learning", HTTPStatus.SEE_OTHER)

    def _catalog(self) -> Catalog:
        return self._context.content.catalog

    def _titles(self) -> dict[str, str]:
        """What entries and subjects are called."""
        catalog = self._catalog()
        subjects = {each.id: each.title for each in catalog.not_ours}
        return subjects | {each.id: each.title for each in catalog.entries}


def _taught(visit: StaffRequest) -> LessonTarget:
    lesson = visit.field("lesson")
    if lesson not in set(Lesson):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    kind = Lesson(lesson)
    field = {Lesson.NOT_OURS: "subject", Lesson.SYNONYM: "usual"}.get(kind, "entry")
    return LessonTarget(kind, " ".join(visit.field("words").split()), visit.field(field).strip())
