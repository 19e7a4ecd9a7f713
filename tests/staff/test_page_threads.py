"""Which thread does what: the database is asked in threads alone, and a resident's message always finds one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import anyio.to_thread
import httpx
from sqlalchemy import Engine, event

from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.open_cases import list_open_cases
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from bot.web.site import build_site
from tests.staff.crossed_site import BrowserSession, crossed_site
from tests.staff.test_crossed_roles import PUBLIC, SIGN_OUT, TABLE
from tests.support.contexts import context_of
from tests.support.line.line_residents import SECRET, body_of, signature, text_event

PLACES = [place for place in (*sorted(PUBLIC), *TABLE) if place != SIGN_OUT]


@contextmanager
def statements_on_event_loops() -> Iterator[list[str]]:
    """Every SQL statement that holds up an event loop while the block runs."""
    found: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_details: object) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", look)
    yield found
    event.remove(Engine, "before_cursor_execute", look)


def test_no_route_asks_the_database_on_the_event_loop(
    postgresql_store: Store, keys: Keyring, understander: Understander
) -> None:
    """On PostgreSQL, where a write too runs in the thread that wants it."""
    with crossed_site(context_of(postgresql_store, keys, understander)) as site:
        session = site.sign_in("somebody", Role.ADMIN)
        with statements_on_event_loops() as found:
            for method, path in PLACES:
                site.asked(BrowserSession() if (method, path) in PUBLIC else session, method, path)
                assert found == [], (method, path)


def test_a_message_finds_a_thread_where_slow_pages_of_staff_have_taken_all(context_sqlite: AppContext) -> None:
    body = body_of(text_event("もう死にたい", "U" + "0" * 32, "reply-token"))
    signed = {"x-line-signature": signature(body), "content-type": "application/json"}

    async def run() -> list[int]:
        pool = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(pool.total_tokens)):
            pool.acquire_on_behalf_of_nowait(object())
        transport = httpx.ASGITransport(build_site(context_sqlite, {"line": [SECRET]}, closes=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            with anyio.fail_after(30):
                answers = [
                    await client.get("/"),
                    await client.post("/messages", data={"text": "もう死にたい"}),
                    await client.post("/clear"),
                    await client.post("/webhooks/line", content=body, headers=signed),
                ]
        return [answer.status_code for answer in answers]

    assert anyio.run(run) == [httpx.codes.OK, httpx.codes.OK, httpx.codes.SEE_OTHER, httpx.codes.OK]
    assert len(list_open_cases(context_sqlite.store, context_sqlite.keys)) == 1
