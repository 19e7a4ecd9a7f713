"""The duty list, closures and special days, and the desk's own mail address: an admin's page."""

import re
from datetime import date
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.opening_hours import WEEKDAYS, SpecialDay
from bot.domain.staff.permissions import Permission, Staff, may
from bot.handlers.app_context import AppContext
from bot.handlers.staff.duty_settings import DutyView, read_duty, save_desk_mail, save_duty_people, save_special_day
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_TIMES = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")


class DeskDuty:
    """`/desk/duty`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/desk/duty", self._show, Permission.KEEP_DUTY),
            guard.route("/desk/duty/people", self._people, Permission.KEEP_DUTY, ["POST"]),
            guard.route("/desk/duty/day", self._day, Permission.KEEP_DUTY, ["POST"]),
            guard.route("/desk/duty/mail", self._mail, Permission.KEEP_DUTY, ["POST"]),
        ]

    def _show(self, request: StaffRequest) -> Response:
        return self._page(request)

    def _page(self, request: StaffRequest, fault: str = "") -> Response:
        view = read_duty(self._context)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.show(
            request, "duty.html", status, rows=_rows(view), view=view, fault=fault,
            weekdays=WEEKDAYS, now=self._context.clock(),
        )  # fmt: skip

    def _people(self, request: StaffRequest) -> Response:
        """Replace the duty list; accounts without a position are not on duty."""
        chosen: list[tuple[int, DutyPerson]] = []
        for staff in read_duty(self._context).accounts:
            place = request.field(f"place-{staff.id}").strip()
            away = request.field(f"away-{staff.id}").strip()
            if not place:
                continue
            if not place.isdecimal() or (away and _day(away) is None):
                return self._page(request, "people")
            days = frozenset(day for day in WEEKDAYS if request.field(f"{day}-{staff.id}"))
            person = DutyPerson(staff.id, days, bool(request.field(f"call-{staff.id}")), _day(away))
            chosen.append((int(place), person))
        people = [person for _, person in sorted(chosen, key=lambda placed: placed[0])]
        save_duty_people(self._context, request.staff, people)
        return _back()

    def _day(self, request: StaffRequest) -> Response:
        """A closure (no times), a day with other times, or with `usual` an ordinary day again."""
        day, reason = _day(request.field("day").strip()), request.field("reason").strip()[:128]
        times = _times(request.field("times"))
        if day is None or times is None or not (reason or request.field("usual")):
            return self._page(request, "day")
        special = None if request.field("usual") else SpecialDay(times, reason)
        save_special_day(self._context, request.staff, day, special)
        return _back()

    def _mail(self, request: StaffRequest) -> Response:
        address = request.field("mail").strip()
        if address and not re.fullmatch(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,180}", address):
            return self._page(request, "mail")
        save_desk_mail(self._context, request.staff, address)
        return _back()


def _rows(view: DutyView) -> list[tuple[Staff, DutyPerson | None, str]]:
    """Accounts that may claim cases, with their duty list row and position; those on the list first."""
    places = {person.staff: (place, person) for place, person in enumerate(view.roster.people, 1)}
    able = [staff for staff in view.accounts if may(staff, Permission.CLAIM)]
    able.sort(key=lambda staff: places[staff.id][0] if staff.id in places else len(places) + 1)
    return [
        (staff, places[staff.id][1], str(places[staff.id][0])) if staff.id in places else (staff, None, "")
        for staff in able
    ]


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        return None


def _times(written: str) -> tuple[tuple[int, int], ...] | None:
    """`9:00-12:00 13:00-17:00` as minutes from midnight; () for closed, None if invalid."""
    times = []
    for part in written.replace("、", " ").replace(",", " ").split():
        match = _TIMES.match(part)
        if not match:
            return None
        hours = [int(group) for group in match.groups()]
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not start < end <= 24 * 60:
            return None
        times.append((start, end))
    return tuple(sorted(times))


def _back() -> Response:
    return RedirectResponse("/desk/duty", HTTPStatus.SEE_OTHER)
