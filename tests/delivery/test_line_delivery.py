"""Delivery to LINE through everything that can go wrong on the way: nothing lost, nothing said twice."""

import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.storage.delivery.outbox_reads import count_deliveries
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from tests.support.contexts import context_of
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import text_event, user
from tests.support.line.line_server import Fault, LineServer

SATO = user("sato")
UNCERTAIN = [Fault.BEFORE, Fault.AFTER, Fault.INSTEAD, Fault.DROP_BEFORE, Fault.DROP_AFTER]


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer(slow_seconds=9.0) as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def on_sqlite(sqlite_store: Store, keys: Keyring, understander: Understander) -> AppContext:
    """What LINE does is the same for both databases; `faulty_sends` goes through both."""
    return context_of(sqlite_store, keys, understander)


@pytest.fixture
def bot(on_sqlite: AppContext, line: LineServer) -> Iterator[LineBot]:
    clock = ShiftedClock()
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as running:
        yield running


@pytest.mark.parametrize("fault", [*UNCERTAIN, Fault.RATE, Fault.RATE_UNNAMED, Fault.LOCKED, Fault.SLOW])
def test_a_reply_survives_a_fault_and_is_taken_once(bot: LineBot, line: LineServer, fault: Fault) -> None:
    line.fail(fault)
    bot.hears("雪かきができない")
    wait_until(lambda: bot.deliveries() == {"accepted": 1}, 30)
    assert [each.way for each in line.taken] == ["reply"]
    assert [fault for _, fault, _ in line.calls if fault] == [fault], "there was a fault"


def test_three_faults_in_a_row(bot: LineBot, line: LineServer) -> None:
    line.fail(Fault.BEFORE, Fault.DROP_AFTER, Fault.BEFORE)
    bot.hears("死にたい")
    wait_until(lambda: bot.deliveries() == {"accepted": 1}, 30)
    assert [each.way for each in line.taken] == ["reply"]


def test_a_token_that_is_dead_at_the_first_try_is_pushed(bot: LineBot, line: LineServer) -> None:
    event = text_event("雪かきができない", SATO, line.token_for(SATO))
    line.later(61)
    bot.gets(event)
    (taken,) = line.wait_for(1)
    assert (taken.way, len(taken.key)) == ("push", 36)
    wait_until(lambda: bot.deliveries() == {"accepted": 1})


def test_a_token_that_dies_in_doubt_is_pushed_and_counted(bot: LineBot, line: LineServer) -> None:
    line.fail(Fault.AFTER)
    bot.hears("死にたい")
    wait_until(lambda: len(line.calls) == 1)
    bot.clock.ahead += timedelta(seconds=61)
    line.later(61)
    wait_until(lambda: bot.deliveries() == {"accepted": 1, "in-doubt": 1})
    assert [each.way for each in line.taken] == ["reply", "push"], "said twice is better than never"


def test_in_doubt_with_nobody_to_push_to_is_an_end_and_health_says_so(bot: LineBot, line: LineServer) -> None:
    line.fail(Fault.AFTER)
    nobody = text_event("雪かきができない", SATO, line.token_for(SATO))
    nobody["source"] = {"type": "user"}
    bot.gets(nobody)
    wait_until(lambda: len(line.calls) == 1)
    bot.clock.ahead += timedelta(minutes=2)
    wait_until(lambda: bot.deliveries() == {"unknown": 1})
    with urllib.request.urlopen(f"{bot.url}/healthz", timeout=10) as answer:  # noqa: S310 -- loopback
        assert answer.status == 200


@pytest.mark.parametrize("fault", UNCERTAIN)
def test_a_push_keeps_its_key_and_is_taken_once(bot: LineBot, line: LineServer, fault: Fault) -> None:
    line.fail(fault)
    bot.gets(text_event("雪かきができない", SATO))  # no token: it can only be pushed
    wait_until(lambda: bot.deliveries() == {"accepted": 1}, 30)
    assert len(line.taken) == 1
    taken_twice = fault in {Fault.AFTER, Fault.DROP_AFTER}
    assert (409 in [status for _, _, status in line.calls]) == taken_twice


def test_the_month_used_up_is_failed_and_replies_go_on(on_sqlite: AppContext) -> None:
    with LineServer(quota=0) as line:
        clock = ShiftedClock()
        with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
            bot.gets(text_event("雪かきができない", SATO))
            wait_until(lambda: bot.deliveries() == {"failed": 1})
            assert bot.answer("雪かきができない").way == "reply"


def test_a_429_in_unknown_words_is_decided_by_the_quota(on_sqlite: AppContext) -> None:
    with LineServer(quota=0) as line:
        clock = ShiftedClock()
        with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
            line.fail(Fault.RATE_UNNAMED)
            bot.gets(text_event("雪かきができない", SATO))
            wait_until(lambda: bot.deliveries() == {"failed": 1})


def test_a_refused_card_goes_out_as_text(bot: LineBot, line: LineServer) -> None:
    line.refuse_cards = True
    answer = bot.answer("雪かきができない")
    assert {message["type"] for message in answer.messages} == {"text"}
    assert "0134-23-7847" in answer.words
    assert "施策13" in answer.words


def test_short_tokens_renew_themselves(on_sqlite: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    with running_line_bot(line_context(on_sqlite, line, clock, renewing=True), line, clock) as bot:
        bot.answer("雪かきができない")
        line.later(901)  # LINE's clock: the token is dead before the bot knows
        bot.hears("空き家をどうするか")
        wait_until(lambda: bot.deliveries() == {"accepted": 2})
        assert [each.way for each in line.taken] == ["reply", "reply"]
    assert len([call for call in line.calls if call[0] == "token"]) == 2


def test_line_away_for_an_hour_loses_nothing(on_sqlite: AppContext) -> None:
    clock = ShiftedClock()
    with LineServer() as line:
        context = line_context(on_sqlite, line, clock)
        with running_line_bot(context, line, clock) as bot:
            line.fail_often(1.0, [Fault.DROP_BEFORE])
            for number in range(5):
                bot.hears("死にたい", f"resident {number}")
            wait_until(lambda: len(bot.cases()) == 5)
            for _ in range(12):
                clock.ahead += timedelta(minutes=5)
                line.later(300)
            line.fail_often(0.0, [])
            wait_until(lambda: bot.deliveries().get("accepted") == 5, 40)
            assert line.doubled("push") == {}
            assert {each.to for each in line.taken} == {user(f"resident {number}") for number in range(5)}


def faulty_sends(context: AppContext, count: int) -> str:
    """So many questions, half of all sends failing; what came of it."""
    clock = ShiftedClock()
    with LineServer(slow_seconds=0.3) as line:
        line.fail_often(0.5, [*UNCERTAIN, Fault.SLOW, Fault.RATE, Fault.LOCKED], seed=7)
        context = line_context(context, line, clock)
        with running_line_bot(context, line, clock) as bot:
            threads = [threading.Thread(target=_write, args=(bot, number, count)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wait_until(lambda: not bot.waiting(), 300)
            while bot.deliveries().get("accepted", 0) < count:
                time.sleep(1)
                clock.ahead += timedelta(seconds=2)  # the waits between attempts grow to minutes
                line.later(2)
            with context.store.reading() as connection:
                states = count_deliveries(connection)
        faults = sum(1 for _, fault, _ in line.calls if fault)
        assert line.broken_rules == []
        reached = {each.to for each in line.taken}
        assert reached == {user(f"resident {number}") for number in range(count)}, "a message was lost"
        assert line.doubled("push") == {}
        assert line.doubled("reply") == {}
        twice = len(line.taken) - count
        assert twice <= states.get("in-doubt", 0), "said twice though no token died in doubt"
        assert faults > count // 3, "hardly anything failed: nothing was tested"
        return (
            f"{count} messages, {faults} faulty sends: all taken, {twice} twice ({states.get('in-doubt', 0)} in doubt)"
        )


def _write(bot: LineBot, first: int, count: int) -> None:
    for number in range(first, count, 8):
        bot.hears("雪かきができない" if number % 2 else "人と話したい", f"resident {number}")


def test_faulty_sends_lose_nothing(context: AppContext) -> None:
    faulty_sends(context, 40)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_1000_faulty_sends_lose_nothing(context: AppContext) -> None:
    sys.stdout.write(faulty_sends(context, 1000) + "\n")
