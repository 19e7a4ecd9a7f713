"""Residents on Telegram, from the post with its secret to what Telegram took, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text as sql

from bot.handlers.app_context import AppContext
from bot.storage.conversation.resident_rows import is_reachable
from tests.support.line.line_bot import ShiftedClock, wait_until
from tests.support.telegram.telegram_bot import TelegramBot, running_telegram, telegram_context
from tests.support.telegram.telegram_residents import (
    edited,
    group,
    membership,
    message,
    person,
    post,
    press,
    text,
    update,
)
from tests.support.telegram.telegram_server import TelegramServer

SATO = person("sato")


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def bot(context: AppContext, telegram: TelegramServer) -> Iterator[TelegramBot]:
    clock = ShiftedClock()
    with running_telegram(telegram_context(context, telegram, clock), telegram, clock) as running:
        yield running


def test_a_question_ends_in_one_message_with_buttons_that_keep_their_meaning(bot: TelegramBot) -> None:
    answer = bot.answer("雪かきができない")
    assert "0134-23-7847" in answer.text
    assert "施策13" in answer.text
    assert answer.entities[0]["type"] == "bold"
    meanings = [data for _, data in answer.buttons]
    assert "more@measure-13" in meanings
    bot.answer("空き家をどうするか")
    bot.gets(press("more@measure-13"))
    assert "雪出しや路上駐車をしない" in bot.next_to(SATO, 2).text


@pytest.mark.parametrize("secret", [None, "", "wrong", "é", "a-secret-of-the-webhook-123456789"])
def test_without_the_secret_nothing_is_kept(bot: TelegramBot, secret: str | None) -> None:
    sealed = secret.encode().decode("latin-1") if secret else secret
    assert post(bot.url, text("死にたい"), sealed)[0] == 401
    assert not bot.waiting()
    assert bot.cases() == []


def test_twenty_copies_end_in_one_answer(bot: TelegramBot, telegram: TelegramServer) -> None:
    shape = text("雪かきができない")
    for _ in range(20):
        bot.gets(shape)
    telegram.wait_for(1)
    assert len(telegram.wait_until_quiet(1.5)) == 1
    assert bot.deliveries() == {"accepted": 1}


def test_a_number_that_jumps_back_is_no_repetition(bot: TelegramBot) -> None:
    """After a week without updates Telegram begins at a random number."""
    bot.gets(text("雪かきができない") | {"update_id": 900_000_000})
    bot.next_to(SATO, 0)
    bot.gets(text("死にたい") | {"update_id": 7})
    assert "0120-061-338" in bot.next_to(SATO, 1).text


@pytest.mark.parametrize(
    "poison",
    [
        *(b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"update_id": "x", "message": 3}', b"[" * 9000),
        b'{"update_id": 1, "message": {"chat": {"id": 1e400}, "text": 5}}',
        b'{"update_id": true, "message": {"chat": {}}}',
    ],
)
def test_poison_is_answered_200_and_the_chat_goes_on(bot: TelegramBot, poison: bytes) -> None:
    bot.gets(poison)
    assert "施策13" in bot.answer("雪かきができない").text


def test_a_cry_in_a_broken_body_is_a_case(bot: TelegramBot, telegram: TelegramServer) -> None:
    broken = f'{{"update_id": 5, "message": {{"chat": {{"id": {SATO}}}, "text" "死にたい"}}}}'
    bot.gets(broken.encode())
    assert "0120-061-338" in telegram.wait_for(1)[0].text
    assert len(bot.cases()) == 1


def test_an_sos_in_a_message_of_tomorrow_is_heard(bot: TelegramBot) -> None:
    bot.gets(message("sato", confession={"says": {"deep": ["もう死にたい"]}}))
    wait_until(lambda: len(bot.cases()) == 1)
    assert "0120-061-338" in bot.next_to(SATO, 0).text


def test_the_store_away_is_500_so_that_telegram_posts_again(bot: TelegramBot) -> None:
    def rename(old: str, new: str) -> None:
        with bot.context.store.writer.begin() as connection:
            connection.execute(sql(f"ALTER TABLE {old} RENAME TO {new}"))

    shape = text("死にたい")
    rename("inbox", "inbox_away")
    assert post(bot.url, shape)[0] == 500
    rename("inbox_away", "inbox")
    bot.gets(shape)
    wait_until(lambda: len(bot.cases()) == 1)


UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"photo": [{"file_id": "a"}]}, "写真が届きました"),
    ({"video": {"file_id": "a"}}, "動画が届きました"),
    ({"animation": {"file_id": "a"}, "document": {"file_id": "a"}}, "動画が届きました"),
    ({"video_note": {"file_id": "a"}}, "動画が届きました"),
    ({"voice": {"file_id": "a"}}, "声が届きました"),
    ({"document": {"file_id": "a"}}, "ファイルが届きました"),
    ({"location": {"latitude": 43.2, "longitude": 141.0}}, "場所が届きました"),
    ({"sticker": {"file_id": "a", "emoji": "🐱"}}, "スタンプを、ありがとう"),
    ({"contact": {"phone_number": "1", "first_name": "x"}}, "文字だけ読めます"),
    ({"poll": {"id": "1", "question": "?"}}, "文字だけ読めます"),
    ({"dice": {"emoji": "🎲", "value": 3}}, "文字だけ読めます"),
    ({"thing_of_tomorrow": {"x": 1}}, "文字だけ読めます"),
]


def test_every_kind_of_message_gets_something(bot: TelegramBot) -> None:
    for number, (content, words) in enumerate(UNREADABLE):
        bot.gets(message("sato", **content))
        assert words in bot.next_to(SATO, number).text, content
    assert bot.cases() == []


def test_words_beside_a_picture_are_words(bot: TelegramBot) -> None:
    bot.gets(message("sato", photo=[{"file_id": "a"}], caption="もう死にたい"))
    assert "0120-061-338" in bot.next_to(SATO, 0).text
    assert "119 へ電話し、場所を" in bot.next_to(SATO, 1).text
    assert bot.cases()[0].words == ("もう死にたい", "［写真］")


def test_edited_words_are_read_again_and_the_first_ones_stay(bot: TelegramBot) -> None:
    first = bot.hears("人と話したい")
    bot.next_to(SATO, 0)
    bot.gets(edited(first, "死にたい"))
    assert "0120-061-338" in bot.next_to(SATO, 1).text
    (listed,) = bot.cases()
    assert listed.words == ("人と話したい", "［書き直した文］死にたい")
    assert listed.case.urgency == "emergency"


def test_an_ordinary_message_that_was_edited_is_answered_again(bot: TelegramBot) -> None:
    first = bot.hears("雪かき")
    bot.next_to(SATO, 0)
    bot.gets(edited(first, "空き家をどうするか"))
    assert "空き家" in bot.next_to(SATO, 1).text


def test_a_place_that_moves_is_not_answered_at_each_step(bot: TelegramBot, telegram: TelegramServer) -> None:
    place = message("sato", location={"latitude": 43.2, "longitude": 141.0, "live_period": 900})
    bot.gets(place)
    telegram.wait_for(1)
    for _ in range(3):
        bot.gets(update("edited_message", **place["message"]))
    wait_until(lambda: not bot.waiting())
    assert len(telegram.wait_until_quiet(1.0)) == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/start", "福祉の案内ボット"),
        ("/start ref_poster-1", "福祉の案内ボット"),
        ("/help", "119"),
        ("/menu", "どんなことですか"),
        ("/menu@otaru_bot", "どんなことですか"),
        ("/human", "受付番号"),
        ("/stop", "ここで終わります"),
        ("/start 死にたい", "0120-061-338"),
    ],
)
def test_commands_are_in_japanese_with_buttons(bot: TelegramBot, command: str, words: str) -> None:
    answer = bot.answer(command)
    assert words in answer.text
    assert answer.buttons


def test_a_press_is_answered_in_the_answer_and_writing_shows_typing(bot: TelegramBot) -> None:
    pressed = press("menu")
    assert bot.gets(pressed) == {
        "method": "answerCallbackQuery",
        "callback_query_id": pressed["callback_query"]["id"],
    }
    assert bot.gets(text("雪かきができない")) == {"method": "sendChatAction", "chat_id": SATO, "action": "typing"}


def test_nonsense_in_a_button_gets_the_menu(bot: TelegramBot) -> None:
    for number, nonsense in enumerate(("", "x" * 64, "entry:none", "menu:99", "more@x", "claim:", "claim:nobody")):
        bot.gets(press(nonsense))
        assert bot.next_to(SATO, number).text, nonsense


def test_block_and_unblock(bot: TelegramBot, telegram: TelegramServer) -> None:
    bot.answer("人と話したい")
    bot.gets(membership("member", "kicked"))
    wait_until(lambda: not bot.waiting())
    bot.gets(membership("kicked", "member"))
    assert "おかえりなさい" in bot.next_to(SATO, 1).text
    telegram.blocked.add(SATO)  # and no news of it has come yet
    bot.hears("雪かきができない")
    wait_until(lambda: bot.deliveries().get("blocked") == 1)
    with bot.context.store.reading() as connection:
        assert not is_reachable(connection, bot.all_cases()[0].resident), "and staff see it at the desk"


def test_a_strangers_group_is_left_and_nothing_is_kept(bot: TelegramBot) -> None:
    place = group("neighbours")
    bot.gets(membership("left", "member", place))
    wait_until(lambda: bot.telegram.left == [place])
    bot.gets(text("ひみつの相談。死にたい", "ito", place))
    bot.gets(message("ito", place, new_chat_title="x"))
    wait_until(lambda: not bot.waiting())
    assert bot.cases() == []
