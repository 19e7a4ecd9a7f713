"""The studio: where the office changes what the bot knows. All its pages stand behind the desk's guard."""

from http import HTTPStatus

from starlette.responses import Response

from bot.handlers.house import House
from bot.web.staff_guard import DeskGuard
from bot.web.staff_pages import DeskPages
from bot.web.studio.studio_cards import StudioCards
from bot.web.studio.studio_home import StudioHome
from bot.web.studio.studio_learning import StudioLearning
from bot.web.studio.studio_publish import StudioPublish
from bot.web.studio.studio_revisions import StudioRevisions
from bot.web.studio.studio_tables import StudioTables
from bot.web.studio.studio_try import StudioTry


class Studio:
    """Everything under `/studio`."""

    def __init__(self, house: House) -> None:
        guard, pages = DeskGuard(house), DeskPages(house, "studio")
        self._pages = pages
        parts = (
            StudioHome(house, guard, pages),
            StudioCards(house, guard, pages),
            StudioTry(house, guard, pages),
            StudioLearning(house, guard, pages),
            StudioPublish(house, guard, pages),
            StudioTables(house, guard, pages),
            StudioRevisions(house, guard, pages),
        )
        self.routes = [route for part in parts for route in part.routes]

    def failed(self, status: HTTPStatus) -> Response:
        """What went wrong, said to the office."""
        return self._pages.write("failed.html", status, code=int(status))
