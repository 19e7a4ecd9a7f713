"""Delivery to Telegram, which knows no repeated message: what is in doubt, what waits, and how fast it may go."""

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from telegram.error import NetworkError, TimedOut

from bot.channels.telegram.telegram_rate_limit import RateLimit
from bot.channels.telegram.telegram_sender import TelegramSender, telegram_outcome
from bot.domain.delivery.channel import Outgoing
from bot.domain.delivery.delivery_rules import Outcome, SendMethod, SendResult
from bot.domain.messages import Reply, Route
from bot.domain.understanding.understander import Understander
from bot.domain.wording import Wording
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from tests.support.contexts import context_of
from tests.support.line.line_bot import ShiftedClock, wait_until
from tests.support.servers import running_server
from tests.support.telegram.telegram_bot import TelegramBot, running_telegram, telegram_context
from tests.support.telegram.telegram_residents import SECRET, person
from tests.support.telegram.telegram_server import TOKEN, Fault, TelegramServer

SATO = person("sato")


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def bot(
    sqlite_store: Store, keys: Keyring, understander: Understander, telegram: TelegramServer
) -> Iterator[TelegramBot]:
    """What Telegram does is the same for both databases."""
    clock, context = ShiftedClock(), context_of(sqlite_store, keys, understander)
    with running_telegram(telegram_context(context, telegram, clock), telegram, clock) as running:
        yield running


@pytest.mark.parametrize("fault", [Fault.FLOOD, Fault.BEFORE, Fault.LOCKED, Fault.REFUSED])
def test_what_certainly_was_not_taken_comes_once(bot: TelegramBot, telegram: TelegramServer, fault: Fault) -> None:
    telegram.fail(fault)
    bot.hears("雪かきができない")
    wait_until(lambda: bot.deliveries() == {"accepted": 1}, 30)
    assert len(telegram.taken) == 1
    assert "0134-23-7847" in telegram.taken[0].text


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.SLOW])
def test_an_answer_in_doubt_is_unknown_and_never_sent_again(
    bot: TelegramBot, telegram: TelegramServer, fault: Fault
) -> None:
    telegram.fail(fault)
    bot.hears("雪かきができない")
    wait_until(lambda: bot.deliveries() == {"unknown": 1}, 30)
    bot.clock.ahead += timedelta(hours=1)
    assert len(telegram.wait_until_quiet(1.5)) == (0 if fault is Fault.DROP_BEFORE else 1)
    assert len([call for call in telegram.calls if call[0] == "sendMessage"]) == 1
    assert "施策13" in bot.answer("雪かきができない").text, "who writes again is answered"


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.BEFORE, Fault.FLOOD])
def test_the_answer_to_an_sos_comes_whatever_happens(bot: TelegramBot, telegram: TelegramServer, fault: Fault) -> None:
    telegram.fail(fault)
    bot.hears("もう死にたい")
    wait_until(lambda: bot.deliveries().get("accepted") == 1, 30)
    (listed,) = bot.cases()
    number = f"{listed.case.number[:3]}-{listed.case.number[3:]}"
    assert all(number in each.text for each in telegram.taken), "said twice it is known by its number"
    assert 1 <= len(telegram.taken) <= 2


def test_a_chat_that_is_to_be_left_alone_is_and_the_others_go_on(bot: TelegramBot, telegram: TelegramServer) -> None:
    telegram.retry_after = 5
    telegram.fail(Fault.FLOOD)
    begun = time.monotonic()
    bot.hears("もう死にたい")
    wait_until(lambda: len(telegram.calls) == 1)
    bot.hears("火事です")
    bot.answer("空き家をどうするか", "ito")
    assert time.monotonic() - begun < 4
    wait_until(lambda: len(telegram.to(SATO)) == 2, 20)
    assert min(each.at for each in telegram.to(SATO)) - begun >= 4.5, "neither goes before its time"
    assert [call for call in telegram.calls if call[2] == Fault.FLOOD] == [("sendMessage", SATO, Fault.FLOOD)]


def test_a_chat_gets_one_message_a_second(bot: TelegramBot, telegram: TelegramServer) -> None:
    for _ in range(3):
        bot.answer("もう死にたい")
    first, _, third = (each.at for each in telegram.taken)
    assert third - first > 1.2, "two seconds, but for what the way there takes"


def test_the_pace_of_a_chat_of_a_group_and_of_all() -> None:
    now = 0.0
    pace = RateLimit(lambda: now)
    assert pace.reserve("1", 0) == (True, 0.0)
    assert pace.reserve("1", 0.5) == (False, 1.0)
    assert pace.reserve("1", 1.5) == (True, 1.0)
    begun = [turn for is_ours, turn in (pace.reserve(f"{chat}", 1.5) for chat in range(2, 80)) if is_ours]
    assert max(begun[:28]) == 0.0
    assert len(begun) >= 55
    for start in begun:
        assert sum(1 for each in begun if start <= each < start + 1.0) <= 30
    turns = []
    for _ in range(600):
        now += 0.5
        is_ours, wait = pace.reserve("-5", 1.5)
        turns += [now + wait] if is_ours else []
    assert len(turns) >= 90
    for start in turns:
        assert sum(1 for each in turns if start <= each < start + 60.0) <= 20
    now += 60
    pace.pause("1", 30)
    assert pace.reserve("1", 1.5) == (False, 30.0)
    assert pace.reserve("99", 1.5)[0]


def test_a_long_message_goes_on_where_it_was_told_to_wait(telegram: TelegramServer, understander: Understander) -> None:
    wording = Wording(understander.catalog.wording, understander.catalog.lines)
    reply = Reply(Route.ANSWER, lead=("あ" * 3000,), body=("い" * 3000, "う" * 3000))
    outgoing = Outgoing(SendMethod.PUSH, reply, wording, str(SATO), "", "a key", as_text=False)

    async def attempts() -> list[SendResult]:
        sender = TelegramSender(telegram.url, SecretStr(TOKEN))
        telegram.retry_after = 1
        telegram.fail(Fault.NONE, Fault.FLOOD)
        found = [await sender.send(outgoing)]
        await asyncio.sleep(1.1)
        found.append(await sender.send(outgoing))
        await sender.close()
        return found

    first, second = asyncio.run(attempts())
    assert (first.outcome, first.wait) == (Outcome.LATER, timedelta(seconds=1))
    assert second.outcome is Outcome.ACCEPTED
    assert "".join(each.text for each in telegram.taken).count("あ") == 3000, "the first part was not said again"
    assert "".join(each.text for each in telegram.taken).count("う") == 3000


@pytest.mark.parametrize("cause", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
def test_without_a_connection_nothing_was_sent(cause: Exception) -> None:
    for error in (TimedOut(), NetworkError("x")):
        error.__cause__ = cause
        assert telegram_outcome(error, SendMethod.PUSH) is Outcome.LATER
        error.__cause__ = httpx.ReadTimeout("x")
        assert telegram_outcome(error, SendMethod.PUSH) is Outcome.UNCERTAIN


def test_the_token_stands_in_no_log(
    bot: TelegramBot, telegram: TelegramServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for fault in (Fault.NONE, Fault.BEFORE, Fault.LOCKED, Fault.DROP_AFTER, Fault.REFUSED):
        telegram.fail(fault)
        bot.hears("もう死にたい", str(fault))
    wait_until(lambda: bot.deliveries().get("accepted") == 5, 30)
    said = caplog.text + "".join(capfd.readouterr())
    assert "telegram_answered" in said
    for secret in (TOKEN, TOKEN.partition(":")[2], SECRET, "死にたい"):
        assert secret not in said


def test_a_start_does_not_wait_for_telegram(tmp_path: Path) -> None:
    connected = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    with running_server(tmp_path, connected | {"TELEGRAM_API_URL": "http://127.0.0.1:9"}) as address:
        assert httpx.get(f"{address}/healthz").status_code == 200
