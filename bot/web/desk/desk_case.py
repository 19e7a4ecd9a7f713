"""One case on one page, and what can be done with it. Two people pressing at once: the other reads who won."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import NotPossibleError, Reason
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import (
    EmptyError,
    NoSuchCaseError,
    StaffAnswer,
    TakenError,
    answer,
    claim,
    close,
    hand_over,
    join,
    note,
    release,
    reopen,
    set_quiet_hours,
)
from bot.handlers.cases.desk_views import CaseView, read_case_view
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

REASONS = tuple(each for each in Reason if each is not Reason.JOINED)
"""Why staff can close a case with one press."""
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class DeskCase:
    """`/desk/cases/{number}`, its buttons, and the same for the paper file."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/cases/{number:str}", guard.guarded(self._show)),
            Route("/desk/cases/{number:str}/print", guard.guarded(self._print)),
            Route("/desk/cases/{number:str}/{deed:str}", guard.guarded(self._do), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        return await self._page(visit)

    async def _print(self, visit: StaffRequest) -> Response:
        """The whole case on paper."""
        opened = await self._opened(visit)
        return self._pages.write("print.html", me=visit.staff, opened=opened, now=self._context.clock())

    async def _do(self, visit: StaffRequest) -> Response:
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

    def _doing(self, visit: StaffRequest) -> Callable[[], Case]:
        context, staff, case_id = self._context, visit.staff, visit.field("case")
        deeds: dict[str, Callable[[], Case]] = {
            "claim": partial(claim, context, staff, case_id),
            "answer": partial(
                answer,
                context,
                staff,
                case_id,
                StaffAnswer(visit.field("words"), _moment(visit.field("seen")), bool(visit.field("page"))),
            ),
            "note": partial(note, context, staff, case_id, visit.field("words")),
            "hand-over": partial(hand_over, context, staff, case_id, visit.field("to"), visit.field("words")),
            "release": partial(release, context, staff, case_id),
            "join": partial(join, context, staff, case_id, visit.field("into")),
            "quiet": partial(
                set_quiet_hours, context, staff, case_id, _hours(visit.field("from"), visit.field("until"))
            ),
            "reopen": partial(reopen, context, staff, case_id),
        }
        name = visit.request.path_params["deed"]
        if name == "close" and visit.field("reason") in REASONS:
            return partial(close, context, staff, case_id, Reason(visit.field("reason")))
        if name not in deeds:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return deeds[name]

    async def _page(
        self, visit: StaffRequest, status: HTTPStatus = HTTPStatus.OK, *, fault: str = "", winner: str = ""
    ) -> Response:
        opened = await self._opened(visit)
        words = visit.field("words") if fault else ""
        canned = self._context.content.catalog.canned
        return self._pages.write(
            "case.html", status, me=visit.staff, csrf=visit.csrf, opened=opened, fault=fault, winner=winner,
            words=words, canned=canned, now=self._context.clock(), reasons=REASONS, has_page=self._has_page(opened),
        )  # fmt: skip

    async def _opened(self, visit: StaffRequest) -> CaseView:
        number = visit.request.path_params["number"]
        opened = await anyio.to_thread.run_sync(read_case_view, self._context, visit.staff, number)
        if opened is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return opened

    def _has_page(self, opened: CaseView) -> bool:
        """Whether a page of ours can be offered: on the web the talk itself stands on our own server."""
        return bool(self._context.public_url) and opened.channel in self._context.channels


def _moment(written: str) -> datetime | None:
    """A moment as the page has written it; None where it is none."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _hours(start: str, end: str) -> tuple[int, int] | None:
    """`22:00` and `7:00` as minutes from midnight; None where one of them is no time."""
    found = [_TIME.fullmatch(each.strip()) for each in (start, end)]
    if not all(found):
        return None
    first, last = (int(each.group(1)) * 60 + int(each.group(2)) for each in found if each)
    return first, last
