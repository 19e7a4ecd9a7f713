"""The month's pushes: the platform with the smallest share left decides whether they are spared."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.switches import FEW_PUSHES, PUSHES_LEFT
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.push_quota import watch_push_quota
from bot.storage.staff.duty_rows import read_switch
from tests.support.line.line_bot import ShiftedClock, line_context
from tests.support.line.line_server import LineServer


@pytest.fixture
def accounts() -> Iterator[tuple[LineServer, LineServer]]:
    with LineServer() as first, LineServer() as second:
        yield first, second


def asked(context: AppContext, *accounts: LineServer) -> tuple[str, bool]:
    """(used of the tightest, whether pushes are few) after these platforms were asked."""
    connected = [line_context(context, each, ShiftedClock()).channels["line"] for each in accounts]

    async def once() -> None:
        await watch_push_quota(replace(context, channels={str(at): each for at, each in enumerate(connected)}))
        for each in connected:
            await each.close()

    asyncio.run(once())
    with context.store.reading() as connection:
        return read_switch(connection, PUSHES_LEFT), bool(read_switch(connection, FEW_PUSHES))


def test_the_platform_with_the_smallest_share_left_decides(
    context_sqlite: AppContext, accounts: tuple[LineServer, LineServer]
) -> None:
    first, second = accounts
    first.quota, first.used, second.quota = 10, 9, 10
    assert asked(context_sqlite, first, second) == ("9 / 10", True)
    assert asked(context_sqlite, second, first) == ("9 / 10", True)
    first.used = 0
    assert asked(context_sqlite, first, second) == ("0 / 10", False)


def test_pushes_are_few_when_less_than_a_fifth_is_left(
    context_sqlite: AppContext, accounts: tuple[LineServer, LineServer]
) -> None:
    account, _ = accounts
    account.quota, account.used = 200, 160
    assert asked(context_sqlite, account) == ("160 / 200", False)
    account.used = 161
    assert asked(context_sqlite, account) == ("161 / 200", True)
    account.quota = None
    assert asked(context_sqlite, account) == ("161", False), "without a limit they never run out"
