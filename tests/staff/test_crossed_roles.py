"""Every route, method and role crossed: who gets in stands in the table below, and nowhere else in the tests.

The table is written by hand and not read from the routes, so that a declaration that is weakened or lost fails here.
"""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

import httpx
import pytest
from starlette.routing import BaseRoute, Mount

from bot.domain.staff.permissions import ROLE_MAY, Permission, Role
from bot.handlers.app_context import AppContext
from bot.storage.staff.staff_rows import disable_staff
from bot.web.route_access import SIGNED_IN, DeclaredRoute, Public
from tests.staff.crossed_site import BrowserSession, CrossedSite, crossed_site

ANYBODY = "every member of staff who is signed in"
CASE = "/desk/cases/{number:str}"
STUDIO = Permission.EDIT_CONTENT

TABLE = MappingProxyType(
    {
        ("GET", "/desk"): Permission.SEE_QUEUE,
        ("GET", "/desk/queue"): Permission.SEE_QUEUE,
        ("GET", "/desk/stream"): Permission.SEE_QUEUE,
        ("GET", "/desk/alive"): ANYBODY,
        ("POST", "/desk/sign-out"): ANYBODY,
        ("GET", CASE): Permission.READ_CASE,
        ("GET", f"{CASE}/print"): Permission.READ_CASE,
        ("GET", f"{CASE}/state"): Permission.READ_CASE,
        ("POST", f"{CASE}/claim"): Permission.CLAIM,
        ("POST", f"{CASE}/answer"): Permission.REPLY,
        ("POST", f"{CASE}/note"): Permission.NOTE,
        ("POST", f"{CASE}/quiet"): Permission.NOTE,
        ("POST", f"{CASE}/hand-over"): Permission.HAND_OVER,
        ("POST", f"{CASE}/release"): Permission.RELEASE,
        ("POST", f"{CASE}/join"): Permission.CLOSE,
        ("POST", f"{CASE}/close"): Permission.CLOSE,
        ("POST", f"{CASE}/reopen"): Permission.REOPEN,
        ("GET", "/desk/drills"): Permission.DRILL,
        ("POST", "/desk/drills/start"): Permission.DRILL,
        ("GET", "/desk/proposals"): Permission.EDIT_CONTENT,
        ("POST", "/desk/proposals/settle"): Permission.EDIT_CONTENT,
        ("GET", "/desk/duty"): Permission.KEEP_DUTY,
        ("POST", "/desk/duty/people"): Permission.KEEP_DUTY,
        ("POST", "/desk/duty/day"): Permission.KEEP_DUTY,
        ("POST", "/desk/duty/mail"): Permission.KEEP_DUTY,
        ("GET", "/desk/chats"): Permission.CLAIM,
        ("POST", "/desk/chats/offer"): Permission.CLAIM,
        ("POST", "/desk/chats/confirm"): Permission.CLAIM,
        ("POST", "/desk/chats/drop"): Permission.CLAIM,
        ("GET", "/desk/switches"): Permission.KEEP_DUTY,
        ("POST", "/desk/switches/{name:str}"): Permission.KEEP_DUTY,
        ("GET", "/desk/staff"): Permission.KEEP_STAFF,
        ("POST", "/desk/staff/add"): Permission.KEEP_STAFF,
        ("POST", "/desk/staff/reset"): Permission.KEEP_STAFF,
        ("POST", "/desk/staff/disable"): Permission.KEEP_STAFF,
        ("GET", "/desk/audit"): Permission.READ_AUDIT,
        ("GET", "/desk/state"): Permission.SEE_STATE,
        ("GET", "/desk/report"): Permission.READ_REPORT,
        ("GET", "/desk/report.csv"): Permission.READ_REPORT,
        ("GET", "/studio"): STUDIO,
        ("GET", "/studio/cards"): STUDIO,
        ("GET", "/studio/card"): STUDIO,
        ("POST", "/studio/card"): STUDIO,
        ("GET", "/studio/card/new"): STUDIO,
        ("POST", "/studio/card/undo"): STUDIO,
        ("POST", "/studio/card/remove"): STUDIO,
        ("GET", "/studio/try"): STUDIO,
        ("POST", "/studio/try"): STUDIO,
        ("GET", "/studio/learning"): STUDIO,
        ("POST", "/studio/learning/{group:str}/try"): STUDIO,
        ("POST", "/studio/learning/{group:str}/teach"): STUDIO,
        ("GET", "/studio/publish"): STUDIO,
        ("POST", "/studio/publish"): STUDIO,
        ("GET", "/studio/publish/progress"): STUDIO,
        ("POST", "/studio/publish/prove"): STUDIO,
        ("POST", "/studio/publish/want"): STUDIO,
        ("POST", "/studio/publish/discard"): STUDIO,
        ("GET", "/studio/tables"): STUDIO,
        ("POST", "/studio/tables"): STUDIO,
        ("POST", "/studio/tables/take"): STUDIO,
        ("GET", "/studio/tables/sasaeai.xlsx"): STUDIO,
        ("GET", "/studio/tables/{number:int}.csv"): STUDIO,
        ("GET", "/studio/revisions"): STUDIO,
        ("GET", "/studio/revisions/{number:int}"): STUDIO,
        ("POST", "/studio/revisions/{number:int}/restore"): STUDIO,
    }
)
PUBLIC = frozenset(
    {
        ("GET", "/desk/sign-in"), ("POST", "/desk/sign-in"), ("GET", "/desk/locked"), ("GET", "/desk/waits"),
        ("GET", "/"), ("POST", "/messages"), ("GET", "/news"), ("GET", "/clear"), ("POST", "/clear"),
        ("POST", "/elsewhere"), ("GET", "/open"), ("POST", "/open"),
        ("GET", "/private/{token:str}"), ("POST", "/private/{token:str}"),
        ("POST", "/webhooks/line"), ("POST", "/webhooks/telegram"), ("GET", "/healthz"), ("GET", "/metrics"),
    }
)  # fmt: skip
"""Open to everybody; `/static` beside them."""
EVERYWHERE = (*TABLE, *(("HEAD", path) for method, path in TABLE if method == "GET"))
"""Starlette answers HEAD wherever it answers GET."""

SIGN_OUT = ("POST", "/desk/sign-out")


@pytest.fixture
def site(context_sqlite: AppContext) -> Iterator[CrossedSite]:
    with crossed_site(context_sqlite) as running:
        yield running


def declared(route: BaseRoute) -> dict[tuple[str, str], object]:
    """Who may use each method of a route, by its own declaration."""
    assert isinstance(route, DeclaredRoute), f"{route} does not declare who may use it"
    if isinstance(route.access, Public):
        assert route.access.reason
    access = ANYBODY if route.access is SIGNED_IN else route.access
    return {(method, route.path): access for method in route.methods or ()}


def test_every_route_declares_what_the_table_says(site: CrossedSite) -> None:
    routes = [route for route in site.app.routes if not (isinstance(route, Mount) and route.path == "/static")]
    found = {place: access for route in routes for place, access in declared(route).items() if place[0] != "HEAD"}
    staff_routes = {place: access for place, access in found.items() if not isinstance(access, Public)}
    assert staff_routes == dict(TABLE)
    assert found.keys() - staff_routes.keys() == PUBLIC


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_in_where_the_table_says(site: CrossedSite, role: Role) -> None:
    session = site.sign_in("somebody", role)
    wrong = []
    for method, path in EVERYWHERE:
        if (method, path) == SIGN_OUT:
            continue
        wanted = TABLE[_as_get(method), path]
        answer, changed = site.asked(session, method, path)
        if wanted is ANYBODY or wanted in ROLE_MAY[role]:
            if is_refused(answer) or is_locked(answer) or answer.is_server_error:
                wrong.append((method, path, answer.status_code, "should get in"))
        elif not is_refused(answer) or changed:
            wrong.append((method, path, answer.status_code, "should be refused"))
    assert wrong == []


def test_a_disabled_account_gets_in_nowhere(site: CrossedSite) -> None:
    sessions = {role: site.sign_in(role, role) for role in Role}
    for role, session in sessions.items():
        disable(site, session)
        assert openings(site, session) == [], role


def test_nobody_gets_in_anywhere(site: CrossedSite) -> None:
    assert openings(site, BrowserSession()) == []


def test_an_idle_session_opens_nothing(site: CrossedSite) -> None:
    session = site.sign_in("somebody", Role.ADMIN)
    site.clock.now += timedelta(minutes=15, seconds=1)
    assert openings(site, session) == []


def test_a_session_ends_after_twelve_hours_of_work(site: CrossedSite) -> None:
    session = site.sign_in("somebody", Role.ADMIN)
    for _ in range(51):
        site.clock.now += timedelta(minutes=14)
        assert site.asked(session, "GET", "/desk/duty")[0].status_code == httpx.codes.OK
    site.clock.now += timedelta(minutes=7)
    assert openings(site, session) == []


def test_everybody_can_sign_out(site: CrossedSite) -> None:
    for role in Role:
        session = site.sign_in(role, role)
        assert site.asked(session, "GET", "/desk/alive")[0].status_code == httpx.codes.NO_CONTENT, role
        answer, changed = site.asked(session, *SIGN_OUT)
        assert is_locked(answer), role
        assert changed, role
        assert openings(site, session) == [], role


def test_everybody_sees_the_public_pages(site: CrossedSite) -> None:
    for method, path in PUBLIC:
        answer, _ = site.asked(BrowserSession(), method, path)
        assert not is_locked(answer), path
        assert not answer.is_server_error, path


def disable(site: CrossedSite, session: BrowserSession) -> None:
    """Close the account and leave its session alone: the guard must not rely on the session's end."""
    assert session.staff is not None
    staff = session.staff.id
    site.context.store.transaction(lambda connection: disable_staff(connection, staff, site.clock()))


def openings(site: CrossedSite, session: BrowserSession) -> list[tuple[str, str, int]]:
    """Where this session, which should open nothing, leads elsewhere than to the locked screen or changes something."""
    answers = [(place, *site.asked(session, *place)) for place in EVERYWHERE]
    return [(*place, answer.status_code) for place, answer, changed in answers if changed or not is_locked(answer)]


def is_locked(answer: httpx.Response) -> bool:
    """Whether it leads to the locked screen."""
    return answer.status_code == httpx.codes.SEE_OTHER and answer.headers["location"] == "/desk/locked"


def is_refused(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.FORBIDDEN


def _as_get(method: str) -> str:
    return "GET" if method == "HEAD" else method
