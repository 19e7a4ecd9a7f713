"""The page of one case and its buttons. If two people press at once, the second is shown who was first."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import NotPossibleError, Reason
from bot.domain.staff.permissions import Permission
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
from bot.handlers.cases.desk_views import CaseView, read_case_state, read_case_view
from bot.web.staff_guard import POLLS, StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

REASONS = tuple(reason for reason in Reason if reason is not Reason.JOINED)
"""The reasons for closing that staff can choose."""
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

_ButtonHandler = Callable[[AppContext, StaffRequest], Case]


def _claim(context: AppContext, request: StaffRequest) -> Case:
    return claim(context, request.staff, request.field("case"))


def _answer(context: AppContext, request: StaffRequest) -> Case:
    written = StaffAnswer(request.field("words"), _parse_timestamp(request.field("seen")), bool(request.field("page")))
    return answer(context, request.staff, request.field("case"), written)


def _note(context: AppContext, request: StaffRequest) -> Case:
    return note(context, request.staff, request.field("case"), request.field("words"))


def _hand_over(context: AppContext, request: StaffRequest) -> Case:
    return hand_over(context, request.staff, request.field("case"), request.field("to"), request.field("words"))


def _release(context: AppContext, request: StaffRequest) -> Case:
    return release(context, request.staff, request.field("case"))


def _join(context: AppContext, request: StaffRequest) -> Case:
    return join(context, request.staff, request.field("case"), request.field("into"))


def _set_quiet_hours(context: AppContext, request: StaffRequest) -> Case:
    hours = _parse_hours(request.field("from"), request.field("until"))
    return set_quiet_hours(context, request.staff, request.field("case"), hours)


def _close(context: AppContext, request: StaffRequest) -> Case:
    reason = request.field("reason")
    if reason not in REASONS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return close(context, request.staff, request.field("case"), Reason(reason))


def _reopen(context: AppContext, request: StaffRequest) -> Case:
    return reopen(context, request.staff, request.field("case"))


_ACTIONS: Mapping[str, tuple[Permission, _ButtonHandler]] = MappingProxyType(
    {
        "claim": (Permission.CLAIM, _claim),
        "answer": (Permission.REPLY, _answer),
        "note": (Permission.NOTE, _note),
        "hand-over": (Permission.HAND_OVER, _hand_over),
        "release": (Permission.RELEASE, _release),
        "join": (Permission.CLOSE, _join),
        "quiet": (Permission.NOTE, _set_quiet_hours),
        "close": (Permission.CLOSE, _close),
        "reopen": (Permission.REOPEN, _reopen),
    }
)
"""The buttons by the last part of their route. The handlers check what only the owner may do."""


class DeskCase:
    """`/desk/cases/{number}`, its buttons, and its print view."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        case = "/desk/cases/{number:str}"
        self.routes = [
            guard.route(case, self._show, Permission.READ_CASE),
            guard.route(f"{case}/print", self._print, Permission.READ_CASE),
            guard.route(f"{case}/state", self._state, Permission.READ_CASE, options=POLLS),
            *(
                guard.route(f"{case}/{name}", partial(self._run, action), permission, ["POST"])
                for name, (permission, action) in _ACTIONS.items()
            ),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _print(self, request: StaffRequest) -> Response:
        """The print view of the case."""
        view = self._view(request)
        return self._pages.write("print.html", me=request.staff, view=view, now=self._context.clock())

    def _state(self, request: StaffRequest) -> Response:
        """The case's version, by which an open page notices changes."""
        return JSONResponse({"seen": read_case_state(self._context.store, request.path_params["number"])})

    def _run(self, action: _ButtonHandler, request: StaffRequest) -> Response:
        """Run the action. After an error, the page is shown again with what was typed."""
        try:
            action(self._context, request)
        except TakenError as error:
            return self._page(request, HTTPStatus.CONFLICT, fault="taken", winner=error.owner)
        except NotPossibleError:
            return self._page(request, HTTPStatus.CONFLICT, fault="not-possible")
        except EmptyError:
            return self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY, fault="empty")
        except NoSuchCaseError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return RedirectResponse(f"/desk/cases/{request.path_params['number']}", HTTPStatus.SEE_OTHER)

    def _page(
        self, request: StaffRequest, status: HTTPStatus = HTTPStatus.OK, *, fault: str = "", winner: str = ""
    ) -> Response:
        view = self._view(request)
        words = request.field("words") if fault else ""
        canned = self._context.content.catalog.canned
        return self._pages.show(
            request, "case.html", status, view=view, fault=fault, winner=winner,
            words=words, canned=canned, now=self._context.clock(), reasons=REASONS, has_page=self._has_page(view),
        )  # fmt: skip

    def _view(self, request: StaffRequest) -> CaseView:
        view = read_case_view(self._context, request.staff, request.path_params["number"])
        if view is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return view

    def _has_page(self, view: CaseView) -> bool:
        """Whether a private page can be offered; not on the web, where the chat itself is on our server."""
        return bool(self._context.public_url) and view.channel in self._context.channels


def _parse_timestamp(written: str) -> datetime | None:
    """Parse an ISO timestamp with a time zone; None if invalid."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _parse_hours(start: str, end: str) -> tuple[int, int] | None:
    """`22:00` and `7:00` as minutes from midnight; None if either is invalid."""
    first, last = (_TIME.fullmatch(written.strip()) for written in (start, end))
    return (_minutes(first), _minutes(last)) if first and last else None


def _minutes(time: re.Match[str]) -> int:
    return int(time.group(1)) * 60 + int(time.group(2))
