"""Staff in a Telegram group: told without a word of anybody, claiming there, and seeing there what holds."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, close, release
from bot.storage.staff.staff_chat_rows import list_chats
from tests.support.line.line_bot import ShiftedClock, wait_until
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff
from tests.support.telegram.telegram_bot import running_telegram, telegram_context
from tests.support.telegram.telegram_residents import group, membership, message, person, press, supergroup, text
from tests.support.telegram.telegram_server import Fault, TelegramServer
from tests.support.telegram.telegram_staff import PLACE, TelegramStaff


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def room(context: AppContext, telegram: TelegramServer) -> Iterator[TelegramStaff]:
    clock = ShiftedClock()
    tells = replace(context, staff_channels=frozenset({"telegram"}))
    context = replace(telegram_context(tells, telegram, clock), base_url="https://bot.example.jp")
    with running_telegram(context, telegram, clock) as bot:
        yield TelegramStaff(bot, make_staff(context, "chief", Role.ADMIN)[0])


def test_the_way_of_a_claim_in_the_group(room: TelegramStaff, telegram: TelegramServer) -> None:
    sato, ito = room.make_staff("sato"), room.make_staff("ito")
    room.pair(sato, "sato-phone")
    room.pair(ito, "ito-phone")
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.gets(text("おつかれさまです", "ito-phone", PLACE))
    room.bot.hears("もう死にたい", "resident")
    told = room.notice()
    assert "もう死にたい" not in told.words
    assert f"https://bot.example.jp/desk/cases/{room.case().number}" in told.text
    assert [data for _, data in told.buttons] == [f"claim:{room.case().id}"]
    assert "担当できませんでした" in room.press("stranger")
    assert room.case().status is Status.WAITING
    assert "職員satoさんが" in room.press("sato-phone")
    assert room.case().owner == sato.id
    assert "職員satoさんが先に担当しました" in room.press("ito-phone")
    wait_until(lambda: "職員satoさんが担当しています" in room.notice().text)
    assert room.notice().buttons == ()
    assert telegram.left == []
    assert "もう死にたい" not in "".join(each.words for each in telegram.to(PLACE))


def test_what_is_done_at_the_desk_shows_in_the_group(room: TelegramStaff) -> None:
    sato = room.make_staff("sato")
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.hears("もう死にたい", "resident")
    first = room.notice()
    claim(room.context, sato, room.case().id)
    wait_until(lambda: "担当しています" in room.bot.telegram.taken[first.id - 1].text)
    release(room.context, sato, room.case().id)
    wait_until(lambda: "担当を待っています" in room.bot.telegram.taken[first.id - 1].text)
    assert room.bot.telegram.taken[first.id - 1].buttons, "it can be claimed again"
    claim(room.context, sato, room.case().id)
    close(room.context, sato, room.case().id, Reason.DONE)
    wait_until(lambda: "終わりました" in room.bot.telegram.taken[first.id - 1].text)
    edits = room.bot.telegram.taken[first.id - 1].edits
    room.bot.telegram.wait_until_quiet(2.5)
    assert room.bot.telegram.taken[first.id - 1].edits == edits, "what holds is not written again"


def test_words_written_to_a_notice_go_to_no_resident(room: TelegramStaff, telegram: TelegramServer) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.hears("もう死にたい", "resident")
    told, before = room.notice(), len(telegram.to(person("resident")))
    mine = len(telegram.to(PLACE))
    room.bot.gets(text("すぐ電話します", "chief-phone", PLACE, reply_to_message={"message_id": told.id}))
    said = room.bot.next_to(PLACE, mine).text
    assert "住民には届きません" in said
    assert f"https://bot.example.jp/desk/cases/{room.case().number}" in said
    room.bot.gets(text("ほかの人への返事", "chief-phone", PLACE, reply_to_message={"message_id": 99_999}))
    wait_until(lambda: not room.bot.waiting())
    telegram.wait_until_quiet(1.0)
    assert len(telegram.to(person("resident"))) == before
    assert len(telegram.to(PLACE)) == mine + 1


def test_a_group_that_shows_the_bot_commands_alone_is_paired_by_one(room: TelegramStaff) -> None:
    room.pair(room.admin, "chief-phone", PLACE, says="/pair@otaru_bot ")
    assert room.chats() == ["bound"]


def test_a_press_that_came_too_late_is_answered_in_the_group(room: TelegramStaff, telegram: TelegramServer) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.hears("もう死にたい", "resident")
    room.notice()
    telegram.old_presses = True
    before = len(telegram.to(PLACE))
    room.bot.gets(press(f"claim:{room.case().id}", "stranger", PLACE))
    assert "担当できませんでした" in room.bot.next_to(PLACE, before).text


def test_a_press_for_a_case_that_never_was(room: TelegramStaff, telegram: TelegramServer) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    pressed = press("claim:" + "0" * 32, "stranger", PLACE)
    room.bot.gets(pressed)
    wait_until(lambda: pressed["callback_query"]["id"] in telegram.toasts)
    assert room.bot.aside() == 0


@pytest.mark.parametrize("news", ["in the old group", "in the new group", "in the answer to a notice"])
def test_a_group_that_moves_heals(room: TelegramStaff, telegram: TelegramServer, news: str) -> None:
    old, new = group("staff"), supergroup("staff-moved")
    room.pair(room.admin, "chief-phone", old)
    telegram.moved[old] = new
    if news == "in the old group":
        room.bot.gets(message("chief-phone", old, migrate_to_chat_id=new))
    elif news == "in the new group":
        room.bot.gets(message("chief-phone", new, migrate_from_chat_id=old))
    wait_until(lambda: not room.bot.waiting())
    asked = len(telegram.calls)
    room.bot.hears("もう死にたい", "resident")
    assert "緊急" in room.notice(new).text
    at_old = [call for call in telegram.calls[asked:] if call[1] == old]
    assert bool(at_old) == (news == "in the answer to a notice"), "who has heard of it does not ask at the old address"
    assert "担当できませんでした" in room.press("stranger", new), "presses come from the new one"
    assert telegram.left == []


@pytest.mark.parametrize(
    ("what", "news"),
    [
        ("put out", membership("administrator", "kicked", PLACE)),
        ("silenced", membership("administrator", "restricted", PLACE, can_send_messages=False)),
    ],
)
def test_put_out_or_silenced_is_an_alarm_and_shown(
    room: TelegramStaff, capsys: pytest.CaptureFixture[str], what: str, news: dict[str, object]
) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.gets(news)
    wait_until(lambda: room.chats() == ["lost"])
    assert "alarm_staff_chat_lost" in capsys.readouterr().out, what
    room.bot.gets(text("まだいます", "chief-phone", PLACE))
    wait_until(lambda: not room.bot.waiting())
    assert room.bot.telegram.left == [], "a group of staff is not left like a stranger's"
    room.pair(room.admin, "chief-phone", PLACE)
    assert room.chats() == ["bound"]


def test_an_admin_right_that_is_gone_changes_nothing(room: TelegramStaff, telegram: TelegramServer) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.gets(membership("administrator", "member", PLACE))
    room.bot.hears("もう死にたい", "resident")
    assert "緊急" in room.notice().text
    assert telegram.left == []


@pytest.mark.parametrize("fault", [Fault.KICKED, Fault.SILENCED])
def test_a_notice_that_is_refused_is_an_alarm_and_the_page_says_so(
    room: TelegramStaff, telegram: TelegramServer, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    room.bot.answer("雪かきができない", "resident")
    telegram.away = True
    room.bot.hears("もう死にたい", "resident")
    wait_until(lambda: bool(room.bot.all_cases()))
    telegram.fail(*[fault] * 2)  # the answer and the notice: both are sent when it is back
    telegram.away = False
    room.bot.clock.ahead += timedelta(minutes=1)
    wait_until(lambda: room.chats() == ["lost"], 30)
    assert "alarm_staff_chat_lost" in capsys.readouterr().out
    staff, credentials = make_staff(room.context, "second", Role.ADMIN)
    with DeskClient(room.bot.url, staff.login, credentials) as desk:
        desk.sign_in(code_at(credentials, room.context.clock()))
        assert "知らせが届きません" in desk.get("/desk/chats").text


def test_notices_that_wait_go_as_one_and_each_can_be_claimed(room: TelegramStaff, telegram: TelegramServer) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    sato = room.make_staff("sato")
    telegram.away = True
    for number in range(5):
        room.bot.hears("もう死にたい", f"resident {number}")
    wait_until(lambda: len(room.bot.all_cases()) == 5)
    before = len(telegram.to(PLACE))
    telegram.away = False
    room.bot.clock.ahead += timedelta(minutes=4)
    wait_until(lambda: {each.number[:3] for each in room.bot.all_cases()} <= set(_numbers(telegram)), 40)
    assert len(telegram.to(PLACE)) - before < 5
    (bundle, *_) = [each for each in telegram.to(PLACE)[before:] if len(each.buttons) > 1]
    taken = bundle.buttons[0][1].removeprefix("claim:")
    claim(room.context, sato, taken)
    wait_until(lambda: "職員satoさんが担当しています" in telegram.taken[bundle.id - 1].text)
    assert len(telegram.taken[bundle.id - 1].buttons) == len(bundle.buttons) - 1


def _numbers(telegram: TelegramServer) -> list[str]:
    words = "".join(each.text for each in telegram.to(PLACE))
    return re.findall(r"【緊急】([0-9]{3})-", words)


def test_an_answer_in_doubt_is_shown_to_staff_and_not_sent_again(room: TelegramStaff, telegram: TelegramServer) -> None:
    sato = room.make_staff("sato")
    room.bot.answer("人と話したい", "resident")
    claim(room.context, sato, room.case().id)
    wait_until(lambda: any("職員が読みはじめました" in each.text for each in telegram.taken))
    telegram.fail(Fault.DROP_AFTER)
    answer(room.context, sato, room.case().id, StaffAnswer("明日の朝、お電話します"))
    wait_until(lambda: room.bot.deliveries().get("unknown") == 1)
    room.bot.clock.ahead += timedelta(minutes=10)
    telegram.wait_until_quiet(2.0)
    assert len([each for each in telegram.taken if "明日の朝" in each.text]) == 1
    staff, credentials = make_staff(room.context, "second", Role.ADMIN)
    with DeskClient(room.bot.url, staff.login, credentials) as desk:
        desk.sign_in(code_at(credentials, room.context.clock()))
        assert "届いたか分かりません。二重に届くのを避けるため" in desk.get(f"/desk/cases/{room.case().number}").text


def test_the_channel_has_a_switch_of_its_own(room: TelegramStaff) -> None:
    staff, credentials = make_staff(room.context, "second", Role.ADMIN)
    with DeskClient(room.bot.url, staff.login, credentials) as desk:
        desk.sign_in(code_at(credentials, room.context.clock()))
        assert "Telegramの答えを止める" in desk.get("/desk/switches").text
        desk.do("/desk/switches/telegram-off", on="yes")
        assert desk.do("/desk/switches/fax-off", on="yes").status_code == 404
    assert "自動の案内を止めています" in room.bot.answer("雪かきができない").text
    assert "0120-061-338" in room.bot.answer("もう死にたい").text


def test_staff_chats_are_sealed_by_their_row(room: TelegramStaff) -> None:
    room.pair(room.admin, "chief-phone", PLACE)
    with room.context.store.reading() as connection:
        assert str(abs(PLACE)) not in repr(list_chats(connection))
