"""What each cookie says beside its value, over https and without; the sign of an office ends after half a day."""

from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie

import anyio
import httpx
import pytest

from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.staff.staff_accounts import Credentials
from bot.web.site import build_site
from bot.web.staff_guard import OFFICE
from bot.web.visitors import COOKIE as TALK
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import make_staff


@dataclass
class Desk:
    """A context on a hand-set clock, and what opens an account of its desk."""

    context: AppContext
    clock: ManualClock
    credentials: Credentials


@pytest.fixture
def desk(context_sqlite: AppContext) -> Desk:
    clock = ManualClock(TUESDAY_NOON)
    context = replace(context_sqlite, clock=clock)
    return Desk(context, clock, make_staff(context, "ito", Role.ADMIN)[1])


@pytest.fixture(params=["https", "http"])
def served(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """The same context where residents come over https, and where they do not."""
    return replace(desk, context=replace(desk.context, is_https=request.param == "https"))


def cookies_of(answer: httpx.Response) -> "dict[str, Morsel[str]]":
    """The cookies that an answer sets, by name."""
    set_here: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        set_here.load(line)
    return dict(set_here)


def attributes(morsel: "Morsel[str]") -> dict[str, object]:
    """What a cookie says beside its value."""
    return {name: value for name, value in morsel.items() if value}


def test_the_cookies_of_the_desk(served: Desk) -> None:
    """The session's goes with the browser; no script and no other site gets either."""

    async def enter() -> httpx.Response:
        async with browse(served) as client:
            form = {
                "login": "ito",
                "password": served.credentials.password,
                "code": served.credentials.recovery_codes[0],
            }
            return await client.post("/desk/sign-in", data=form)

    cookies = cookies_of(anyio.run(enter))
    safe = {"httponly": True, "samesite": "strict"} | ({"secure": True} if served.context.is_https else {})
    assert {name: attributes(each) for name, each in cookies.items()} == {
        "staff": {**safe, "path": "/"},
        "desk-office": {**safe, "path": "/desk", "max-age": "43200"},
    }


def test_the_cookie_of_a_resident(served: Desk) -> None:
    """Lax: who comes by a link finds their talk."""

    async def write() -> httpx.Response:
        async with browse(served) as client:
            return await client.post("/messages", data={"text": "こんにちは"})

    safe = {"httponly": True, "samesite": "lax"} | ({"secure": True} if served.context.is_https else {})
    cookies = cookies_of(anyio.run(write))
    assert {name: attributes(each) for name, each in cookies.items()} == {
        TALK: {**safe, "path": "/", "max-age": str(30 * 24 * 3600)}
    }
    assert len(cookies[TALK].value) >= 43, "256 bits"


def test_the_sign_of_an_office_lasts_half_a_day_and_is_signed(desk: Desk) -> None:
    async def enter_and_look() -> list[int]:
        async with browse(desk) as client:
            form = {"login": "ito", "password": desk.credentials.password, "code": desk.credentials.recovery_codes[0]}
            await client.post("/desk/sign-in", data=form)
            sign = client.cookies[OFFICE]
            desk.clock.now += timedelta(hours=12, seconds=-1)
            later = str(int(sign.split(".")[0]) + 3600)
            values = (sign, f"{later}.{sign.split('.')[1]}", later, "", "x.y")
            statuses = [await looked(client, value) for value in values]
            desk.clock.now += timedelta(seconds=1)
            return [*statuses, await looked(client, sign)]

    assert anyio.run(enter_and_look) == [200, 404, 404, 404, 404, 404]


async def looked(client: httpx.AsyncClient, sign: str) -> int:
    """What a screen with this sign of an office gets."""
    client.cookies.clear()
    client.cookies.set(OFFICE, sign)
    return (await client.get("/desk/waits")).status_code


def browse(desk: Desk) -> httpx.AsyncClient:
    """A browser at the context's door."""
    site = build_site(desk.context, closes=False)
    scheme = "https" if desk.context.is_https else "http"
    return httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url=f"{scheme}://127.0.0.1:8000")
