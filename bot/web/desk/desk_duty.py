"""The duty list, closures and special days, and the desk's own mail address: an admin's page."""

import re
from datetime import date
from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.opening_hours import WEEKDAYS, SpecialDay
from bot.domain.staff.permissions import Permission, Staff, may, require
from bot.handlers.app_context import AppContext
from bot.handlers.staff.duty_settings import DutyView, read_duty, save_desk_mail, save_duty_people, save_special_day
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages

_TIMES = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")


class DeskDuty:
    """`/desk/duty`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/desk/duty", guard.guarded(self._show)),
            Route("/desk/duty/people", guard.guarded(self._people), methods=["POST"]),
            Route("/desk/duty/day", guard.guarded(self._day), methods=["POST"]),
            Route("/desk/duty/mail", guard.guarded(self._mail), methods=["POST"]),
        ]

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.KEEP_DUTY)
        return await self._page(visit)

    async def _page(self, visit: StaffRequest, fault: str = "") -> Response:
        sheet = await anyio.to_thread.run_sync(read_duty, self._context)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.write(
            "duty.html", status, me=visit.staff, csrf=visit.csrf, rows=_rows(sheet), sheet=sheet, fault=fault,
            weekdays=WEEKDAYS, now=self._context.clock(),
        )  # fmt: skip

    async def _people(self, visit: StaffRequest) -> Response:
        """The whole list as it stands in the form; who has no place in it is not on duty."""
        chosen: list[tuple[int, DutyPerson]] = []
        for staff in (await anyio.to_thread.run_sync(read_duty, self._context)).accounts:
            place = visit.field(f"place-{staff.id}").strip()
            away = visit.field(f"away-{staff.id}").strip()
            if not place:
                continue
            if not place.isdecimal() or (away and _day(away) is None):
                return await self._page(visit, "people")
            days = frozenset(day for day in WEEKDAYS if visit.field(f"{day}-{staff.id}"))
            person = DutyPerson(staff.id, days, bool(visit.field(f"call-{staff.id}")), _day(away))
            chosen.append((int(place), person))
        people = [person for _, person in sorted(chosen, key=lambda each: each[0])]
        await anyio.to_thread.run_sync(save_duty_people, self._context, visit.staff, people)
        return _back()

    async def _day(self, visit: StaffRequest) -> Response:
        """A closure (no times), a day with other times, or with `usual` an ordinary day again."""
        day, reason = _day(visit.field("day").strip()), visit.field("reason").strip()[:128]
        times = _times(visit.field("times"))
        if day is None or times is None or not (reason or visit.field("usual")):
            return await self._page(visit, "day")
        special = None if visit.field("usual") else SpecialDay(times, reason)
        await anyio.to_thread.run_sync(partial(save_special_day, self._context, visit.staff, day, special))
        return _back()

    async def _mail(self, visit: StaffRequest) -> Response:
        address = visit.field("mail").strip()
        if address and not re.fullmatch(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,180}", address):
            return await self._page(visit, "mail")
        await anyio.to_thread.run_sync(save_desk_mail, self._context, visit.staff, address)
        return _back()


def _rows(sheet: DutyView) -> list[tuple[Staff, DutyPerson | None, str]]:
    """Everybody who can look after cases, with their line and place in the duty list; those on it first."""
    roster: DutyRoster = sheet.roster
    places = {person.staff: (place, person) for place, person in enumerate(roster.people, 1)}
    able = [each for each in sheet.accounts if may(each, Permission.CLAIM)]
    able.sort(key=lambda each: places[each.id][0] if each.id in places else len(places) + 1)
    return [
        (each, places[each.id][1], str(places[each.id][0])) if each.id in places else (each, None, "") for each in able
    ]


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        return None


def _times(written: str) -> tuple[tuple[int, int], ...] | None:
    """`9:00-12:00 13:00-17:00` as minutes; empty is closed, None cannot be read."""
    found = []
    for part in written.replace("、", " ").replace(",", " ").split():
        match = _TIMES.match(part)
        if not match:
            return None
        hours = [int(group) for group in match.groups()]
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not start < end <= 24 * 60:
            return None
        found.append((start, end))
    return tuple(sorted(found))


def _back() -> Response:
    return RedirectResponse("/desk/duty", HTTPStatus.SEE_OTHER)
