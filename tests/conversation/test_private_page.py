"""What should not be written on LINE is written on a page of ours: once, within a day, read at the desk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Route
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, close, set_quiet_hours
from bot.handlers.cases.desk_views import read_case_view
from bot.handlers.cases.false_alarms import read_proposals
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import event, user
from tests.support.line.line_server import LineServer
from tests.support.staff.desk_staff import make_staff

URL = "https://bot.example.jp"


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def bot(context: AppContext, line: LineServer) -> Iterator[LineBot]:
    clock = ShiftedClock()
    context = replace(line_context(context, line, clock), public_url=URL, base_url=URL)
    with running_line_bot(context, line, clock) as running:
        yield running


def link_in(words: str) -> str:
    """The path of the page that stands in these words."""
    return next(word for word in words.split() if word.startswith(f"{URL}/private/")).removeprefix(URL)


def only_case(bot: LineBot) -> Case:
    (found,) = bot.all_cases()
    return found


def written(bot: LineBot) -> list[str]:
    """What the desk reads of the resident."""
    staff, _ = make_staff(bot.context, f"reader{bot.clock().timestamp()}", Role.VIEWER)
    opened = read_case_view(bot.context, staff, only_case(bot).number)
    assert opened is not None
    return [said.words for said in opened.talk if said.reply is None]


def send(bot: LineBot, path: str, **values: str) -> httpx.Response:
    return httpx.post(f"{bot.url}{path}", data=values, timeout=30)


def test_the_page_opens_once_and_its_words_go_to_the_desk_alone(bot: LineBot) -> None:
    path = link_in(bot.answer("人と話したい").words.replace("：", " "))
    assert "職員にだけ伝える" in httpx.get(bot.url + path).text
    assert send(bot, path, words="  ").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    sent = send(bot, path, name="小樽花子", telephone="090-0000-0000", words="借金のことです")
    assert "届きました" in sent.text
    assert "小樽花子" not in sent.text
    assert written(bot) == ["人と話したい", "お名前：小樽花子\n電話番号：090-0000-0000\n借金のことです"]
    assert send(bot, path, words="もう一度").status_code == httpx.codes.GONE
    assert "このページは使えません" in httpx.get(bot.url + path).text
    assert all("小樽花子" not in each.words for each in bot.line.taken)


def test_danger_on_the_page_is_danger(bot: LineBot) -> None:
    path = link_in(bot.answer("人と話したい").words.replace("：", " "))
    send(bot, path, words="もう死にたい")
    assert only_case(bot).urgency is Route.EMERGENCY


def test_the_page_is_over_after_a_day_and_unknown_ones_never_open(bot: LineBot) -> None:
    path = link_in(bot.answer("人と話したい").words.replace("：", " "))
    bot.clock.ahead += timedelta(hours=25)
    assert send(bot, path, words="x").status_code == httpx.codes.GONE
    assert send(bot, "/private/guess", words="x").status_code == httpx.codes.GONE


def test_what_is_written_there_after_the_end_opens_the_case_again(bot: LineBot) -> None:
    path = link_in(bot.answer("人と話したい").words.replace("：", " "))
    staff, _ = make_staff(bot.context, "a", Role.ADMIN)
    close(bot.context, staff, only_case(bot).id, Reason.DONE)
    send(bot, path, words="言い忘れました")
    assert only_case(bot).status is Status.WAITING
    assert "言い忘れました" in written(bot)[-1]


def test_staff_offer_a_page_and_quiet_hours_hold_their_answer_back(bot: LineBot) -> None:
    bot.answer("人と話したい")
    staff, _ = make_staff(bot.context, "a")
    claim(bot.context, staff, only_case(bot).id)
    bot.line.wait_for(2)
    answer(bot.context, staff, only_case(bot).id, StaffAnswer("こちらに書いてください", offers_page=True))
    written_by_staff = bot.line.wait_for(3)[2]
    assert link_in(written_by_staff.words.replace("：", " "))
    assert written_by_staff.messages[0]["altText"] == "小樽市の案内から、お返事です。", "a locked screen says no topic"
    set_quiet_hours(bot.context, staff, only_case(bot).id, minutes_around(bot))
    answer(bot.context, staff, only_case(bot).id, StaffAnswer("おはようございます"))
    opened = read_case_view(bot.context, staff, only_case(bot).number)
    assert opened is not None
    held = opened.talk[-1]
    assert (held.state, held.due_at is not None and held.due_at > bot.clock()) == ("queued", True)
    assert len(bot.line.wait_until_quiet(1.0)) == 3
    bot.hears("ボットに戻る")
    bot.line.wait_for(4)
    assert "施策13" in bot.answer("雪かきができない").words, "what is held back holds back nothing else"
    bot.clock.ahead += timedelta(hours=3)
    wait_until(lambda: any("おはようございます" in each.words for each in bot.line.taken))


def test_the_page_names_the_case_in_which_the_words_stand(bot: LineBot) -> None:
    path = link_in(bot.answer("人と話したい").words.replace("：", " "))
    bot.answer("相談を取り消す")
    sent = send(bot, path, words="お金がなくて食べていません").text
    new = next(case for case in bot.all_cases() if case.status is Status.WAITING)
    assert f"{new.number[:3]}-{new.number[3:]}" in sent


def test_what_is_taken_back_is_gone_at_the_desk_and_among_the_proposals(bot: LineBot) -> None:
    said = bot.hears("もう死にたい")
    bot.line.wait_for(1)
    staff, _ = make_staff(bot.context, "a", Role.ADMIN)
    close(bot.context, staff, only_case(bot).id, Reason.FALSE_ALARM)
    assert [each.words for each in read_proposals(bot.context, staff)] == ["もう死にたい"]
    bot.gets(event("unsend", user("sato"), unsend={"messageId": said["message"]["id"]}))
    wait_until(lambda: written(bot) == [""])
    assert read_proposals(bot.context, staff) == []


def minutes_around(bot: LineBot) -> tuple[int, int]:
    """From an hour ago until in two hours, as minutes from midnight in the city."""
    local = bot.clock().astimezone(CITY_ZONE)
    minute = local.hour * 60 + local.minute
    return (minute - 60) % 1440, (minute + 120) % 1440
