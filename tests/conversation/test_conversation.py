"""Talks as lists of what was said and what came: what a resident writes, what must be in the answer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.bootstrap import THRESHOLDS
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import step
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.conversation.turn import Turn
from bot.domain.messages import Route
from bot.domain.understanding.understander import Understander
from tests.support.manual_clock import TUESDAY_NIGHT, TUESDAY_NOON

Dialog = Callable[..., list[Turn]]


@pytest.fixture
def dialog(understander: Understander) -> Dialog:
    """Says one text after the other in one talk."""

    def run(*texts: str, now: datetime = TUESDAY_NOON, case_is_open: bool = False) -> list[Turn]:
        turns: list[Turn] = []
        talk = Conversation()
        for text in texts:
            moment = ReplyContext(now.astimezone(CITY_ZONE), is_holiday, "482-915", case_is_open=case_is_open)
            turns.append(step(understander.catalog, THRESHOLDS, talk, understander.understand(text), moment))
            talk = Conversation.from_json(turns[-1].talk.to_json())
        return turns

    return run


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("電話番号は？", "0134-23-7847"),
        ("もっと詳しく", "雪出しや路上駐車をしない"),
        ("町内会としては？", "自力で除雪することが難しい世帯を把握する"),
        ("うちの会社では", "従業員が除雪ボランティアとして活動できる環境整備"),
        ("市は何をしてくれる？", "若い世代に除雪ボランティアの働き掛け"),
        ("社協は？", "除雪ボランティアの担い手確保"),
        ("いつ開いてる？", "受付時間"),
        ("ほかには？", ""),
        ("ほかの立場から見る", "どの立場"),
        ("人と話す", "482-915"),
    ],
)
def test_follow_ups_need_the_last_turn(dialog: Dialog, said: str, wanted: str) -> None:
    *_, turn = dialog("雪かきができない", said)
    assert wanted in turn.reply.text
    assert turn.talk.entry == "measure-13"


@pytest.mark.parametrize("said", ["1", "１", "一", "①", "1番", "いちばん上", "一番上で"])
def test_a_typed_choice_is_the_button(dialog: Dialog, said: str) -> None:
    menu, turn = dialog("一覧", said)
    first = menu.reply.choices[0]
    _, pressed = dialog("一覧", first.label)
    assert turn.reply == pressed.reply


def test_part_of_a_buttons_words_chooses_it(dialog: Dialog) -> None:
    sides, turn = (
        dialog("雪かきができない", "ほかの立場から見る")[1:],
        dialog("雪かきができない", "ほかの立場から見る", "町内会")[-1],
    )
    assert any("町内会" in choice.label for choice in sides[0].reply.choices)
    assert "雪" in turn.reply.text
    assert "把握する" in turn.reply.text


def test_a_number_out_of_range_is_no_choice(dialog: Dialog) -> None:
    _, turn = dialog("雪かきができない", "99999")
    assert turn.reply.route in {Route.CLARIFY, Route.UNKNOWN, Route.SMALLTALK, Route.ANSWER}


def test_at_most_two_questions_back(dialog: Dialog) -> None:
    *_, last = dialog("一覧", "どれもちがう", "どれもちがう", "どれもちがう")
    assert last.reply.route is Route.UNKNOWN
    assert last.reply.calls, "a dead end without a number"
    assert any(choice.does == "person" for choice in last.reply.choices)


@pytest.mark.parametrize("before", [(), ("雪かきができない",), ("一覧",), ("雪かきができない", "ほかの立場から見る")])
def test_the_ways_out_work_at_every_step(dialog: Dialog, before: tuple[str, ...]) -> None:
    assert dialog(*before, "やめる")[-1].talk == Conversation()
    assert "福祉の案内" in dialog(*before, "最初から")[-1].reply.text
    person = dialog(*before, "人と話す")[-1]
    assert person.reply.route is Route.DESK
    assert person.case


@pytest.mark.parametrize("before", [(), ("一覧",), ("雪かきができない", "ほかの立場から見る"), ("死にたい",)])
def test_danger_is_heard_at_every_step(dialog: Dialog, before: tuple[str, ...]) -> None:
    assert dialog(*before, "家が火事です")[-1].reply.route is Route.EMERGENCY
    assert dialog(*before, "雪かきができない")[-1].reply.entries[0].id == "measure-13"


def test_the_answer_leads_with_what_to_do_and_whom_to_call(dialog: Dialog) -> None:
    (turn,) = dialog("雪かきができない")
    reply = turn.reply
    assert reply.lead[0]
    assert reply.calls[0].phone == "0134-23-7847"
    assert "受付中" in reply.calls[0].state
    assert any("「" in line for line in reply.body), "two sentences to read aloud at the call"
    assert "施策13" in reply.text
    assert "第1期・令和3年3月" in reply.text
    assert "市の確認前" in reply.text


def test_who_wants_to_help_is_answered_as_a_helper(dialog: Dialog, understander: Understander) -> None:
    entry = understander.catalog.by_id["measure-13"]
    (turn,) = dialog("大学のみんなで除雪ボランティアを手伝いたい")
    assert turn.reply.entries[0].id == "measure-13"
    assert turn.reply.lead == (entry.helper_lead,)


def test_the_welcome_says_what_it_is_and_is_not(understander: Understander) -> None:
    moment = ReplyContext(TUESDAY_NOON.astimezone(CITY_ZONE), is_holiday, "")
    text = ReplyWriter.of(understander.catalog, moment).welcome().text
    for part in ("小樽市", "自動", "119", "110", "助けを呼べません", "個人が分かること", "秘密", "平日9:00から17:00"):
        assert part in text


NIGHT = TUESDAY_NIGHT
NEW_YEARS_EVE = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "first", "others"),
    [
        ("ストーブ倒れてカーテンさ火ついた", "119", ()),
        ("父が倒れて息をしていない", "119", ()),
        ("友達が海に落ちた", "118", ("119",)),
        ("夫に殴られている、逃げたい", "110", ("0120-279-889", "#8103")),
        ("隣の部屋で子どもが叩かれて泣き叫んでいる", "110", ("189",)),
        ("死にたい", "0120-061-338", ("0120-279-338",)),
    ],
)
def test_an_emergency_leads_with_the_call_of_its_kind(
    dialog: Dialog, said: str, first: str, others: tuple[str, ...]
) -> None:
    (turn,) = dialog(said, now=NIGHT)
    assert turn.reply.route is Route.EMERGENCY
    phones = [call.phone for call in turn.reply.calls]
    assert phones[0] == first
    assert set(others) <= set(phones)
    assert turn.case
    assert "482-915" in turn.reply.text
    before_number = re.split(r"\d{3}", turn.reply.text)[0]
    assert len(before_number) <= 120
    assert turn.reply.body[-1].endswith("いま電話してください。")


@pytest.mark.parametrize(
    "now", [TUESDAY_NOON, NIGHT, NEW_YEARS_EVE, *(NEW_YEARS_EVE + timedelta(hours=6 * n) for n in range(8))]
)
@pytest.mark.parametrize("said", ["死にたい", "つらい", "人と話したい", "お金がなくて食べるものがない"])
def test_at_any_hour_two_lines_that_are_open(dialog: Dialog, said: str, now: datetime) -> None:
    (turn,) = dialog(said, now=now)
    said_open = [call for call in turn.reply.calls if call.state in {"24時間", "いま受付中"}]
    assert len(said_open) >= 2
    assert "つながらないときは" in turn.reply.text
    assert "talkme.jp" in turn.reply.text or "お金" in said
    assert not any("時間外" in call.state for call in turn.reply.calls)


def test_who_reads_it_and_when_is_said_truly(dialog: Dialog) -> None:
    assert "次の開庁日" not in dialog("死にたい", now=NEW_YEARS_EVE)[0].reply.text
    assert "1月4日(月) 9:00" in dialog("死にたい", now=NEW_YEARS_EVE)[0].reply.text
    assert "17:00まで" in dialog("死にたい", now=TUESDAY_NOON)[0].reply.text
    assert "知らせました" not in dialog("死にたい", now=TUESDAY_NOON)[0].reply.text


def test_easy_words_for_who_writes_in_kana(dialog: Dialog, understander: Understander) -> None:
    (turn,) = dialog("ゆきかきが できなくて こまっています")
    assert turn.reply.lead == (understander.catalog.by_id["measure-13"].easy,)
    assert "でんわして ください" in dialog("かじです たすけて")[0].reply.text


@pytest.mark.parametrize(
    ("said", "route"),
    [
        ("I want to kill myself", Route.EMERGENCY),
        ("着火了！救命", Route.EMERGENCY),
        ("죽고 싶어요", Route.EMERGENCY),
        ("Tôi muốn chết", Route.EMERGENCY),
        ("пожар, помогите", Route.EMERGENCY),
        ("sunog! tulong", Route.EMERGENCY),
        ("How can I apply for a child allowance?", Route.UNKNOWN),
        ("请问垃圾怎么分类", Route.UNKNOWN),
    ],
)
def test_other_languages_get_the_approved_reply(dialog: Dialog, said: str, route: Route) -> None:
    (turn,) = dialog(said, now=NIGHT)
    assert turn.reply.route is route
    assert "This bot answers in Japanese" in turn.reply.text
    assert "011-200-9595" in turn.reply.text
    if route is Route.EMERGENCY:
        assert turn.reply.calls[0].phone == "119"
        assert turn.case


def test_what_is_not_ours_says_where_to_go(dialog: Dialog) -> None:
    (turn,) = dialog("燃やすごみは何曜日ですか")
    assert turn.reply.route is Route.UNKNOWN
    assert "福祉の計画の外" in turn.reply.text
    assert turn.reply.calls[0].phone == "0134-32-4111"


def test_a_hit_inside_a_request_for_information_is_not_dropped(dialog: Dialog) -> None:
    (turn,) = dialog("自殺予防の講座で「死にたい」と言われたときの聞き方を学べますか")
    assert turn.reply.route is not Route.EMERGENCY
    assert "0120-061-338" in turn.reply.text


def test_the_desk_shows_what_the_plan_says_beside(dialog: Dialog) -> None:
    desk, answer = dialog("介護でもう限界。雪かきもできない", "雪かき・除雪のこと")
    assert desk.reply.route is Route.DESK
    assert "measure-13" in [entry.id for entry in desk.reply.entries]
    assert answer.reply.entries[0].id == "measure-13"


def test_in_danger_the_call_stands_alone(dialog: Dialog) -> None:
    (turn,) = dialog("雪かきで屋根から落ちて動けない")
    assert turn.reply.route is Route.EMERGENCY
    assert turn.reply.entries == ()
    assert [choice.does for choice in turn.reply.choices] == ["cancel@482-915"]


def test_after_the_plans_period_an_answer_says_so(dialog: Dialog) -> None:
    ended = "計画の期間は終わっています"
    (then,) = dialog("雪かきができない", now=datetime(2024, 3, 29, 3, 0, tzinfo=UTC))
    (now,) = dialog("雪かきができない")
    assert ended not in then.reply.text
    assert ended in now.reply.text
