"""Residents on LINE, from the signed event to what LINE took, on both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.handlers.app_context import AppContext
from bot.handlers.inbox.process_events import process_lane
from bot.storage.inbox.inbox_rows import lease_lane, replay_dead_letters, waiting_lanes
from bot.storage.leases import Lease
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import body_of, event, group, message_event, post, text_event, user
from tests.support.line.line_server import Fault, LineServer

SATO, ITO = user("sato"), user("ito")


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer(slow_seconds=9.0) as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def bot(context: AppContext, line: LineServer) -> Iterator[LineBot]:
    clock = ShiftedClock()
    with running_line_bot(line_context(context, line, clock), line, clock) as running:
        yield running


def test_a_question_ends_in_one_card_with_a_call(bot: LineBot) -> None:
    answer = bot.answer("雪かきができない")
    assert (answer.way, answer.to) == ("reply", SATO)
    assert "施策13" in answer.words
    assert "tel:0134237847" in answer.words
    assert len(answer.messages) == 1


def test_twenty_copies_end_in_the_same_one_reply(bot: LineBot, line: LineServer) -> None:
    shape = text_event("雪かきができない", SATO, line.token_for(SATO))
    again = shape | {"deliveryContext": {"isRedelivery": True}}
    assert {bot.gets(each) for each in [shape, again] * 10} == {200}
    line.wait_for(1)
    assert len(line.wait_until_quiet(1.5)) == 1
    assert bot.deliveries() == {"accepted": 1}


def test_an_emergency_between_malformed_neighbours(bot: LineBot, line: LineServer) -> None:
    assert bot.gets({"type": 3}, text_event("死にたい", SATO, line.token_for(SATO)), None) == 200
    (answer,) = line.wait_for(1)
    (listed,) = bot.cases()
    assert listed.words == ("死にたい",)
    assert f"{listed.case.number[:3]}-{listed.case.number[3:]}" in answer.words


def test_an_emergency_in_a_body_that_is_no_json(bot: LineBot, line: LineServer) -> None:
    body = body_of(text_event("死にたい", SATO, line.token_for(SATO))).replace(
        b'"type": "message"', b'"type" "message"'
    )
    assert post(bot.url, body) == 200
    (answer,) = line.wait_for(1)
    assert answer.to == SATO
    assert len(bot.cases()) == 1


@pytest.mark.parametrize("signed", ["", "wrong", "A" * 44])
def test_what_is_not_signed_is_refused_and_not_kept(bot: LineBot, signed: str) -> None:
    assert post(bot.url, body_of(text_event("死にたい", SATO)), signed) == 400
    assert not bot.waiting()


def test_the_consoles_check_is_answered(bot: LineBot) -> None:
    assert bot.gets() == 200


def test_the_store_away_is_500_so_that_line_sends_again(bot: LineBot) -> None:
    rename(bot, "inbox", "inbox_away")
    body = body_of(text_event("死にたい", SATO))
    assert post(bot.url, body) == 500
    rename(bot, "inbox_away", "inbox")
    assert post(bot.url, body) == 200


def rename(bot: LineBot, old: str, new: str) -> None:
    with bot.context.store.writer.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_pieces_are_answered_as_one_and_an_alarm_does_not_wait(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    # Longer than the slowest machine takes from one delivery to the next; the alarm would have to wait it out.
    unhurried = replace(line_context(context, line, clock), reply_pause=timedelta(seconds=5))
    with running_line_bot(unhurried, line, clock) as bot:
        for piece in ("雪かきが", "できなくて", "困ってる"):
            bot.hears(piece)
        for piece in ("もう", "死", "にたい"):
            bot.hears(piece, "ito")
        alarm, answer = line.wait_for(2)
        assert alarm.to == ITO
        assert answer.to == SATO
        assert "施策13" in answer.words
        assert len(line.wait_until_quiet(1.0)) == 2
        assert bot.cases()[0].words == ("もう", "死", "にたい")


def test_messages_of_one_resident_keep_their_order(bot: LineBot, line: LineServer) -> None:
    for said in ("一覧", "1"):
        bot.answer(said)
    assert "雪かきと買い物" in line.taken[1].words
    late = event("postback", ITO, line.token_for(ITO), postback={"data": "menu:3"})
    early = text_event("一覧", ITO, line.token_for(ITO))
    early["timestamp"] = late["timestamp"] - 1000
    assert bot.gets(late, early) == 200
    first, second = line.wait_for(4)[2:]
    assert "どんなことですか" in first.words
    assert "子育ての相談" in second.words


UNREADABLE = [
    (message_event("image", SATO), "写真が届きました"),
    (message_event("video", SATO), "動画が届きました"),
    (message_event("audio", SATO), "声が届きました"),
    (message_event("file", SATO, fileName="a.pdf"), "ファイルが届きました"),
    (message_event("location", SATO, title="家", address="小樽市"), "場所が届きました"),
    (message_event("sticker", SATO, keywords=["cat"]), "スタンプを、ありがとう"),
]


def test_every_kind_of_message_gets_something(bot: LineBot, line: LineServer) -> None:
    for number, (shape, words) in enumerate(UNREADABLE):
        fresh = shape | {"replyToken": line.token_for(SATO), "webhookEventId": f"kind-{number}"}
        assert bot.gets(fresh) == 200
        assert words in line.wait_for(number + 1)[-1].words
    assert bot.cases() == []


def test_in_danger_a_picture_is_answered_with_the_call_and_staff_see_it(bot: LineBot, line: LineServer) -> None:
    bot.answer("家が火事です")
    bot.gets(message_event("image", SATO, line.token_for(SATO)))
    assert "119 へ電話し、場所を言ってください" in line.wait_for(2)[1].words
    bot.gets(message_event("location", SATO, line.token_for(SATO), address="小樽市花園"))
    line.wait_for(3)
    assert bot.cases()[0].words == ("家が火事です", "［写真］", "［場所］小樽市花園")


def test_a_stickers_keywords_are_a_hint(bot: LineBot, line: LineServer) -> None:
    bot.gets(message_event("sticker", SATO, line.token_for(SATO), keywords=["ありがとう", "感謝"]))
    assert "こちらこそ" in line.wait_for(1)[0].words
    bot.gets(message_event("sticker", SATO, line.token_for(SATO), keywords=["死にたい"]))
    assert "つらいこと" in line.wait_for(2)[1].words
    assert bot.cases() == [], "a sticker's keyword alone opens no case"


def test_follow_block_and_follow_again(bot: LineBot, line: LineServer) -> None:
    bot.gets(event("follow", SATO, line.token_for(SATO), follow={"isUnblocked": False}))
    assert "福祉の案内ボット" in line.wait_for(1)[0].words
    bot.gets(event("unfollow", SATO))
    bot.gets(text_event("雪かきができない", SATO))  # without a token it could only be pushed
    wait_until(lambda: bot.deliveries().get("accepted") == 2 or bot.deliveries().get("blocked") == 1)
    bot.gets(event("follow", SATO, line.token_for(SATO), follow={"isUnblocked": True}))
    wait_until(lambda: any("おかえりなさい" in each.words for each in line.taken))


def test_who_blocked_the_bot_is_not_pushed_to(bot: LineBot, line: LineServer) -> None:
    line.fail(*[Fault.RATE] * 3)  # the reply waits, and meanwhile the resident blocks the bot
    bot.hears("雪かきができない")
    wait_until(lambda: len(line.calls) >= 1)
    bot.gets(event("unfollow", SATO))
    wait_until(lambda: not bot.waiting())
    line.later(61)
    bot.clock.ahead += timedelta(seconds=61)
    wait_until(lambda: bot.deliveries() == {"blocked": 1})
    assert line.taken == []


def test_a_message_taken_back_is_erased(bot: LineBot) -> None:
    shape = bot.hears("死にたい")
    bot.line.wait_for(1)
    bot.gets(event("unsend", SATO, unsend={"messageId": shape["message"]["id"]}))
    wait_until(lambda: bot.cases()[0].words == ("",))
    early = text_event("火事です", ITO, bot.line.token_for(ITO))
    bot.gets(event("unsend", ITO, unsend={"messageId": early["message"]["id"]}))
    wait_until(lambda: not bot.waiting())
    bot.gets(early)
    bot.line.wait_for(2)
    assert {listed.words for listed in bot.cases()} == {("",)}, "the news of it may come first"


def test_a_button_keeps_its_meaning_on_an_old_card(bot: LineBot, line: LineServer) -> None:
    bot.answer("雪かきができない")
    bot.answer("空き家をどうするか")
    bot.gets(event("postback", SATO, line.token_for(SATO), postback={"data": "more@measure-13"}))
    assert "雪出しや路上駐車をしない" in line.wait_for(3)[2].words
    for nonsense in ("", "x" * 300, "entry:none", "menu:99", "actor:a:b", "more@x", "phone", "__class__"):
        before = len(line.taken)
        bot.gets(event("postback", SATO, line.token_for(SATO), postback={"data": nonsense}))
        assert line.wait_for(before + 1)[before].messages


def test_a_strangers_group_is_left_with_a_goodbye_and_nothing_is_kept(bot: LineBot, line: LineServer) -> None:
    place = group("neighbours")
    bot.gets(event("join", place, line.token_for(place)))
    assert "グループでは使えません" in line.wait_for(1)[0].words
    wait_until(lambda: line.left == [place])
    bot.gets(text_event("ひみつの相談", place, line.token_for(place)))
    wait_until(lambda: not bot.waiting())
    assert bot.cases() == []


def test_in_standby_an_sos_is_kept_and_nothing_is_sent(bot: LineBot, line: LineServer) -> None:
    bot.gets(text_event("死にたい", SATO, line.token_for(SATO), mode="standby"))
    wait_until(lambda: len(bot.cases()) == 1)
    assert line.wait_until_quiet(1.0) == []
    assert bot.deliveries() == {}


def test_an_edited_message_is_read_again(bot: LineBot, line: LineServer) -> None:
    bot.answer("雪かきができない")
    bot.gets(text_event("死にたい", SATO, line.token_for(SATO)) | {"type": "messageEdited"})
    line.wait_for(2)
    assert len(bot.cases()) == 1


def test_a_poison_event_is_set_aside_and_holds_up_nobody(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    with running_line_bot(line_context(context, line, clock), line, clock, works=False) as door:
        door.hears("死にたい")
    with context.store.writer.begin() as connection:  # its key is lost, say
        sealed = connection.execute(text("SELECT raw FROM inbox")).scalar_one()
        connection.execute(text("UPDATE inbox SET raw = :raw"), {"raw": b"xxxx" + bytes(sealed)[4:]})
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        bot.hears("雪かきができない", "ito")
        line.wait_for(1)
        wait_until(lambda: bot.aside() == 1)
        assert bot.answer("雪かきができない").to == SATO, "what comes behind goes on"
        with context.store.writer.begin() as connection:  # and is found again
            connection.execute(text("UPDATE inbox SET raw = :raw WHERE state = 'aside'"), {"raw": bytes(sealed)})
        assert bot.context.store.transaction(lambda connection: replay_dead_letters(connection, clock())) == 1
        line.wait_for(3)
        assert (bot.aside(), len(bot.cases())) == (0, 1)


def test_what_was_unfinished_is_taken_up_at_the_next_start(context: AppContext, line: LineServer) -> None:
    clock = ShiftedClock()
    with running_line_bot(line_context(context, line, clock), line, clock, works=False) as door:
        door.hears("死にたい")
        # A worker took the lane and died with it.
        with door.context.store.reading() as connection:
            (lane,) = waiting_lanes(connection, clock(), 10)
        context = door.context
        lease = Lease("a worker that died", clock(), clock() + timedelta(hours=1))
        assert context.store.transaction(lambda connection: lease_lane(connection, lane, lease))
        assert process_lane(context, lane, "another one") is None, "it is taken"
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        line.wait_for(1)
        assert len(bot.cases()) == 1


def test_two_workers_handle_an_event_once(context: AppContext, line: LineServer) -> None:
    """Eight workers at the same lane, on a database where they really run at once."""
    clock = ShiftedClock()
    context = line_context(context, line, clock)
    with running_line_bot(context, line, clock, works=False) as door:
        door.hears("死にたい")
        with context.store.reading() as connection:
            (lane,) = waiting_lanes(connection, clock(), 10)
        gate, handled = threading.Barrier(8), []

        def work(number: int) -> None:
            gate.wait()
            handled.append(process_lane(context, lane, f"worker {number}"))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(handled) == 8
        assert sum(1 for each in handled if each is not None) == 1, "one took it, the others saw that it was taken"
        assert len(door.cases()) == 1
        assert door.deliveries() == {"queued": 1}
