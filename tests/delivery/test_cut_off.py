"""The power goes between an attempt and its outcome: the next start knows that it was tried, and says nothing twice."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.line import line_sender
from bot.channels.telegram import telegram_sender
from bot.domain.delivery.delivery_rules import Delivery, OutboundState, SendMethod, SendResult
from bot.domain.messages import Inbound
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.receive_message import receive
from bot.handlers.delivery.deliver import LEASED_FOR, Attempt, next_attempts, send, write_outcome
from bot.storage.delivery.outbox_rows import free_deliveries
from bot.storage.schema.residents_and_cases import outbound
from tests.support.line.line_bot import ShiftedClock, line_context
from tests.support.line.line_residents import user
from tests.support.line.line_server import LineServer
from tests.support.telegram.telegram_bot import telegram_context
from tests.support.telegram.telegram_residents import person
from tests.support.telegram.telegram_server import TelegramServer

SATO = user("sato")
SECOND = timedelta(seconds=1)
QUESTION, CRY = "雪かきができない", "もう死にたい"


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
    assert server.broken_rules == []


def written(context: AppContext, channel: str, text: str, address: str, ticket: str = "") -> None:
    """A resident has written; the answer waits."""
    now = context.clock()
    message = Inbound(channel, "lane", f"event {text}", text, now, address=address, ticket=ticket, goes_out=True)
    receive(context, [message], now)


def attempts(context: AppContext, channel: str) -> list[Attempt]:
    return next_attempts(context, channel, 10)


def sent(context: AppContext, channel: str, attempt: Attempt) -> SendResult:
    """What the platform answers, over connections of a process of its own."""

    async def once() -> SendResult:
        try:
            return await send(context, channel, attempt)
        finally:
            await context.channels[channel].close()

    return asyncio.run(once())


def sent_and_cut_off(context: AppContext, channel: str) -> Delivery:
    """One attempt that goes out, and whose outcome nobody writes down; how it stands in the database."""
    (attempt,) = attempts(context, channel)
    sent(context, channel, attempt)
    return attempt.delivery


def stored(context: AppContext) -> tuple[int, bool, bool, bool]:
    """(attempts, in doubt, whether it was pushed, leased) of the only message."""
    with context.store.reading() as connection:
        row = connection.execute(select(outbound)).one()
    return row.attempts, row.in_doubt, row.pushed_at is not None, row.leased_until is not None


def goes_on(context: AppContext, clock: ShiftedClock, channel: str) -> OutboundState | None:
    """The lease ends and somebody else goes on; how the message stands then, None where nothing was tried."""
    clock.ahead += LEASED_FOR + SECOND
    found = attempts(context, channel)
    if not found:
        return None
    return write_outcome(context, channel, found[0], sent(context, channel, found[0])).state


def test_the_attempt_is_stored_before_anything_is_sent(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    written(context, "line", QUESTION, SATO, line.token_for(SATO))
    assert stored(context) == (0, False, False, False)
    (attempt,) = attempts(context, "line")
    assert (attempt.way, line.calls) == (SendMethod.REPLY, [])
    assert stored(context) == (1, True, False, True)
    assert attempts(context, "line") == [], "nobody else tries it meanwhile"
    clock.ahead += LEASED_FOR - SECOND
    assert attempts(context, "line") == []


def test_a_lease_is_longer_than_the_longest_attempt() -> None:
    """On LINE a token, the message and a question about the quota; on Telegram a turn and four waits of one call."""
    assert timedelta(seconds=3 * line_sender.SECONDS) < LEASED_FOR
    assert timedelta(seconds=2 + 4 * telegram_sender.SECONDS) < LEASED_FOR


def test_a_reply_that_was_cut_off_is_not_said_again(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    written(context, "line", QUESTION, SATO, line.token_for(SATO))
    sent_and_cut_off(context, "line")
    assert goes_on(context, clock, "line") is OutboundState.ACCEPTED
    assert [each.way for each in line.taken] == ["reply"]


def test_a_reply_that_was_cut_off_before_it_was_sent_goes_out(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    written(context, "line", QUESTION, SATO, line.token_for(SATO))
    assert len(attempts(context, "line")) == 1
    assert goes_on(context, clock, "line") is OutboundState.ACCEPTED
    assert [each.way for each in line.taken] == ["reply"]


def test_a_push_that_was_cut_off_keeps_its_key_and_its_day(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    written(context, "line", CRY, SATO)
    first = sent_and_cut_off(context, "line")
    assert first.pushed_at is not None
    assert stored(context) == (1, False, True, True)
    assert goes_on(context, clock, "line") is OutboundState.ACCEPTED
    assert [(each.way, each.key) for each in line.taken] == [("push", first.retry_key)]


def test_a_platform_that_knows_no_repeats_is_told_once(context: AppContext, telegram: TelegramServer) -> None:
    clock = ShiftedClock()
    context = telegram_context(context, telegram, clock)
    written(context, "telegram", QUESTION, str(person("sato")))
    sent_and_cut_off(context, "telegram")
    assert stored(context) == (1, True, True, True)
    assert goes_on(context, clock, "telegram") is None
    assert len(telegram.taken) == 1
    with context.store.reading() as connection:
        assert connection.execute(select(outbound.c.state)).scalar_one() == OutboundState.UNKNOWN


def test_of_a_case_it_is_told_again_there_too(context: AppContext, telegram: TelegramServer) -> None:
    clock = ShiftedClock()
    context = telegram_context(context, telegram, clock)
    written(context, "telegram", CRY, str(person("sato")))
    sent_and_cut_off(context, "telegram")
    assert goes_on(context, clock, "telegram") is OutboundState.ACCEPTED
    assert len(telegram.taken) == 2


def test_a_start_that_is_alone_waits_for_no_lease(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    written(context, "line", QUESTION, SATO, line.token_for(SATO))
    sent_and_cut_off(context, "line")
    context.store.transaction(free_deliveries)
    (again,) = attempts(context, "line")
    assert (again.way, again.delivery.attempts, again.delivery.in_doubt) == (SendMethod.REPLY, 2, True)
