"""One case on one page, and what can be done with it. Two people pressing at once: the other reads who won."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.cases import Case, NotPossibleError, Reason
from bot.handlers.house import House
from bot.handlers.look_after import (
    EmptyError,
    NoSuchCaseError,
    TakenError,
    answer,
    claim,
    close,
    hand_over,
    note,
    release,
    reopen,
)
from bot.handlers.read_desk import read_opened
from bot.web.desk_guard import DeskGuard, Visit
from bot.web.desk_pages import DeskPages


class DeskCase:
    """`/desk/cases/{number}` and its buttons."""

    def __init__(self, house: House, guard: DeskGuard, pages: DeskPages) -> None:
        self._house = house
        self._pages = pages
        self.routes = [
            Route("/desk/cases/{number:str}", guard.guarded(self._show)),
            Route("/desk/cases/{number:str}/{deed:str}", guard.guarded(self._do), methods=["POST"]),
        ]

    async def _show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def _do(self, visit: Visit) -> Response:
        """One deed; what went wrong is said on the page, with what was typed still there."""
        doing = self._doing(visit)
        try:
            await anyio.to_thread.run_sync(doing)
        except TakenError as error:
            return await self._page(visit, HTTPStatus.CONFLICT, fault="taken", winner=error.owner)
        except NotPossibleError:
            return await self._page(visit, HTTPStatus.CONFLICT, fault="not-possible")
        except EmptyError:
            return await self._page(visit, HTTPStatus.UNPROCESSABLE_ENTITY, fault="empty")
        except NoSuchCaseError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return RedirectResponse(f"/desk/cases/{visit.request.path_params['number']}", HTTPStatus.SEE_OTHER)

    def _doing(self, visit: Visit) -> Callable[[], Case]:
        house, staff, case_id = self._house, visit.staff, visit.field("case")
        deeds: dict[str, Callable[[], Case]] = {
            "claim": partial(claim, house, staff, case_id),
            "answer": partial(answer, house, staff, case_id, visit.field("words")),
            "note": partial(note, house, staff, case_id, visit.field("words")),
            "hand-over": partial(hand_over, house, staff, case_id, visit.field("to"), visit.field("words")),
            "release": partial(release, house, staff, case_id),
            "reopen": partial(reopen, house, staff, case_id),
        }
        name = visit.request.path_params["deed"]
        if name == "close" and visit.field("reason") in set(Reason):
            return partial(close, house, staff, case_id, Reason(visit.field("reason")))
        if name not in deeds:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return deeds[name]

    async def _page(
        self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, *, fault: str = "", winner: str = ""
    ) -> Response:
        number = visit.request.path_params["number"]
        opened = await anyio.to_thread.run_sync(read_opened, self._house, visit.staff, number)
        if opened is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        words = visit.field("words") if fault else ""
        canned = self._house.reception.understander.catalog.canned
        return self._pages.write(
            "case.html", status, me=visit.staff, csrf=visit.csrf, opened=opened, fault=fault, winner=winner,
            words=words, canned=canned, now=self._house.now(), reasons=tuple(Reason),
        )  # fmt: skip
