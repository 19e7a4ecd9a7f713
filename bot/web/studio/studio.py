"""The studio: pages on which the office edits the content, guarded like those of the desk."""

from http import HTTPStatus

from starlette.responses import Response

from bot.handlers.app_context import AppContext
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.studio.studio_cards import StudioCards
from bot.web.studio.studio_home import StudioHome
from bot.web.studio.studio_learning import StudioLearning
from bot.web.studio.studio_publish import StudioPublish
from bot.web.studio.studio_revisions import StudioRevisions
from bot.web.studio.studio_tables import StudioTables
from bot.web.studio.studio_try import StudioTry


class Studio:
    """All routes under `/studio`."""

    def __init__(self, context: AppContext) -> None:
        guard, pages = StaffGuard(context), StaffPages(context, "studio")
        self._pages = pages
        parts = (
            StudioHome(context, guard, pages),
            StudioCards(context, guard, pages),
            StudioTry(context, guard, pages),
            StudioLearning(context, guard, pages),
            StudioPublish(context, guard, pages),
            StudioTables(context, guard, pages),
            StudioRevisions(context, guard, pages),
        )
        self.routes = [route for part in parts for route in part.routes]

    def failed(self, status: HTTPStatus) -> Response:
        """The error page of the studio."""
        return self._pages.write("failed.html", status, code=int(status))
