"""`/healthz` fails where nothing moves, not where somebody else's server is down; `/metrics` tells the rest."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from bot.domain.delivery.staff_notice import StaffNotice
from bot.domain.messages import Event, EventKind, Inbound
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.receive_message import receive
from bot.handlers.delivery.deliver import next_attempts
from bot.storage.delivery.outbox_reads import mark_delivery_unknown
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.delivery.queue_stats import overdue, read_figures
from bot.storage.inbox.inbox_rows import Lane, insert_events, lease_lane
from bot.storage.leases import Lease
from bot.storage.schema.residents_and_cases import outbound
from bot.web.health_endpoints import render_metrics
from bot.web.site import build_site
from tests.conftest import Resident
from tests.support.line.line_bot import (
    LineBot,
    ShiftedClock,
    line_context,
    running_line_bot,
    unreachable_line,
    wait_until,
)
from tests.support.line.line_server import Fault, LineServer
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.running_app import RunningApp

MakeResident = Callable[..., Resident]
MINUTE = timedelta(seconds=61)
LATER = TUESDAY_NOON + MINUTE
CHANNELS = ("line",)


@pytest.fixture
def context(context: AppContext) -> AppContext:
    return replace(
        context,
        clock=lambda: TUESDAY_NOON,
        channels=unreachable_line(),
        metrics_tokens=("new", "old"),
    )


def _fault(context: AppContext, channels: tuple[str, ...] = CHANNELS) -> str:
    """What `/healthz` would say a minute later."""
    with context.store.reading() as connection:
        return overdue(connection, channels, LATER - timedelta(seconds=60))


def _writes(context: AppContext, text: str, name: str = "sato", at: datetime = TUESDAY_NOON) -> None:
    message = Inbound("line", name, text, text, at, address=f"U-{name}", goes_out=True)
    receive(context, [message], TUESDAY_NOON)


def test_events_that_nobody_takes_up(context: AppContext) -> None:
    event = Event(EventKind.TEXT, "key", "sato", TUESDAY_NOON, text="雪", raw="雪")
    keys = context.keys
    context.store.transaction(lambda connection: insert_events(connection, keys, "line", [event], TUESDAY_NOON))
    assert _fault(context) == "events wait to be taken up"
    assert _fault(context, ()) == "", "a channel that is not connected moves nowhere"
    lease = Lease("worker", LATER, LATER + timedelta(seconds=15))
    context.store.transaction(lambda connection: lease_lane(connection, Lane("line", "sato"), lease))
    assert _fault(context) == ""


def test_messages_that_nobody_tries(context: AppContext) -> None:
    _writes(context, "雪かきができない")
    assert _fault(context) == "messages wait for delivery"
    assert len(next_attempts(context, "line", 5)) == 1
    context.store.transaction(lambda c: c.execute(update(outbound).values(leased_until=LATER)))
    assert _fault(context) == ""
    context.store.transaction(lambda c: c.execute(update(outbound).values(leased_until=None, due_at=LATER)))
    _writes(context, "空き家をどうするか", at=TUESDAY_NOON + timedelta(seconds=0.5))
    assert _fault(context) == "", "it waits behind one that is tried again later"


def test_what_is_not_sent_again_stops_nothing(context: AppContext) -> None:
    _writes(context, "雪かきができない")
    attempts = next_attempts(context, "line", 5)
    context.store.transaction(lambda connection: mark_delivery_unknown(connection, attempts[0].delivery.id))
    assert _fault(context) == ""
    _writes(context, "空き家をどうするか")
    assert len(next_attempts(context, "line", 5)) == 1


def test_notices_that_nobody_tries(context: AppContext) -> None:
    keys, wanted = context.keys, [StaffNotice("mail:a@city.example", "open")]
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    assert _fault(context) == "notices to staff wait"
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    assert len(next_attempts(replace(context, clock=lambda: LATER), "mail", 1)) == 1
    assert _fault(context) == "", "the first is being tried, the second comes next: the mail server is slow"


def test_clocks_that_stand_still(context: AppContext, make_resident: MakeResident) -> None:
    make_resident("sato", TUESDAY_NOON - timedelta(minutes=5, seconds=10)).says("もう死にたい")
    assert _fault(context) == "the clocks of the cases stand still"
    with context.store.reading() as connection:
        assert overdue(connection, CHANNELS, TUESDAY_NOON - timedelta(seconds=10)) == "", "its alarm is due just now"


def test_a_platform_that_is_down_is_no_reason_to_restart(context: AppContext) -> None:
    clock = ShiftedClock()
    with LineServer() as line, running_line_bot(line_context(context, line, clock), line, clock) as bot:
        line.fail_often(1, [Fault.RATE])
        bot.hears("もう死にたい")
        wait_until(lambda: len(line.calls) > 2)
        clock.ahead += timedelta(minutes=2)
        before = len(line.calls)
        wait_until(lambda: len(line.calls) > before)
        assert httpx.get(f"{bot.url}/healthz").status_code == httpx.codes.OK
        assert "sasaeai_oldest_unsent_seconds 12" in _metrics(bot)


def _metrics(bot: LineBot) -> str:
    return httpx.get(f"{bot.url}/metrics").text


def test_figures(context: AppContext, make_resident: MakeResident) -> None:
    make_resident("ito", TUESDAY_NOON - timedelta(minutes=10)).says("人と話したい", after=timedelta())
    _writes(context, "もう死にたい")
    _writes(context, "雪かきができない", "abe")
    context.store.transaction(lambda c: c.execute(update(outbound).where(outbound.c.urgent).values(fault="no-way")))
    keys, wanted = context.keys, [StaffNotice("mail:a@city.example", "open")]
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    with context.store.reading() as connection:
        said = render_metrics(read_figures(connection), TUESDAY_NOON + timedelta(minutes=1)).decode()
    for line in (
        "sasaeai_open_cases 2.0",
        'sasaeai_open_cases_by_urgency{urgency="emergency"} 1.0',
        "sasaeai_oldest_unclaimed_seconds 660.0",
        "sasaeai_oldest_unsent_seconds 60.0",
        'sasaeai_deliveries{state="queued"} 2.0',
        'sasaeai_notices{state="queued"} 1.0',
        "sasaeai_cases_without_way 2.0",
        "sasaeai_events_aside 0.0",
    ):
        assert line in said, line


@pytest.fixture
def address(context: AppContext) -> Iterator[str]:
    with RunningApp(build_site(replace(context), closes=False)) as running:
        yield running.url


@pytest.mark.parametrize(
    "proxy",
    [{"forwarded": "for=203.0.113.9"}, {"x-forwarded-for": "203.0.113.9"}, {"x-forwarded-for": "127.0.0.1"}],
    ids=["forwarded", "elsewhere", "forged"],
)
def test_what_comes_through_a_proxy_is_not_from_this_machine(address: str, proxy: dict[str, str]) -> None:
    assert httpx.get(f"{address}/metrics").status_code == httpx.codes.OK
    assert httpx.get(f"{address}/metrics", headers=proxy).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize(
    ("token", "status"), [("", 404), ("Bearer old", 200), ("Bearer new", 200), ("Bearer", 404), ("Bearer newer", 404)]
)
def test_metrics_from_elsewhere_want_a_token(address: str, token: str, status: int) -> None:
    headers = {"x-forwarded-for": "203.0.113.9"} | ({"authorization": token} if token else {})
    assert httpx.get(f"{address}/metrics", headers=headers).status_code == status
