"""Care for a case beyond its answer: further words, other people, quiet hours, joined cases, asking later, practice."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from bot.domain.cases.case import Case, shown_number
from bot.domain.cases.case_transitions import Status
from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Reply, Route
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import Role
from bot.domain.switches import Switch, channel_off
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.staff.duty_settings import save_duty_people
from bot.handlers.staff.feature_switches import set_switch
from bot.storage.cases.case_rows import list_cases
from bot.storage.cases.proposal_rows import list_proposed
from bot.storage.delivery.outbox_reads import read_notices
from tests.conftest import Resident
from tests.support.staff.desk_staff import DeskClient, make_staff
from tests.support.staff.running_desk import Desk, running_desk

MakeResident = Callable[..., Resident]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(context: AppContext) -> Iterator[Desk]:
    with running_desk(context) as running:
        yield running


@pytest.fixture
def sato(make_resident: MakeResident, desk: Desk) -> Resident:
    return make_resident("sato", desk.clock() - MINUTE)


def last(sato: Resident) -> Reply:
    """What was said last to the resident."""
    said = [reply for exchange in sato.talk() for reply in exchange.replies]
    return said[-1]


def do(staff: DeskClient, case: Case, deed: str, **values: str) -> int:
    return staff.do(f"/desk/cases/{case.number}/{deed}", case=case.id, **values).status_code


# --- further words ---------------------------------------------------------------------------------------------


def test_further_words_join_the_open_case_and_say_so_and_buttons_do_not(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    kept = f"（受付番号 {shown_number(desk.case().number)}）に残しました"
    assert kept in sato.says("雪かきができない").text
    assert kept not in sato.says("困りごとの一覧").text
    with desk.staff("a") as staff:
        page = staff.get(f"/desk/cases/{desk.case().number}").text
    words = re.findall(r'<p class="words" dir="auto">(.*?)</p>', page)
    assert words == ["人と話したい", "雪かきができない"]


def test_pieces_are_heard_while_a_case_is_open_and_while_staff_have_it(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    for piece in ("もう", "死"):
        sato.sends(piece)
    assert sato.says("にたい").route is Route.EMERGENCY
    with desk.staff("a") as staff:
        do(staff, desk.case(), "claim")
    sato.sends("しに", after=timedelta(minutes=16))
    sato.sends("た")
    assert sato.says("い").route is Route.EMERGENCY


def test_who_writes_for_somebody_else_may_say_so(desk: Desk, sato: Resident) -> None:
    reply = sato.says("人と話したい")
    assert "本人ではありません" in reply.text
    assert "家族や近所の方からの相談" in sato.says("家族です").text
    assert desk.case().for_other
    with desk.staff("a") as staff:
        assert "本人ではない方です" in staff.get(f"/desk/cases/{desk.case().number}").text


def test_it_is_no_command_without_a_case(make_resident: MakeResident) -> None:
    assert "家族や近所の方からの相談" not in make_resident().says("家族です").text


def test_who_writes_again_within_the_offices_days_goes_on_with_the_case(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    number = desk.case().number
    with desk.staff("a") as staff:
        do(staff, desk.case(), "close", reason="done")
    sato.says("人と話したい", after=timedelta(days=6))
    assert (desk.case().number, desk.case().status) == (number, Status.WAITING)
    with desk.staff("b") as staff:
        do(staff, desk.case(), "close", reason="done")
    sato.says("人と話したい", after=timedelta(days=8))
    with desk.context.store.reading() as connection:
        assert len(list_cases(connection, open_only=False)) == 2


# --- staff mode is left with a word ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "said"),
    [("close", "対応は、ここまで"), ("release", "別の職員が読みます"), ("lapse", "別の職員が読みます")],
)
def test_leaving_staff_mode_is_said_though_staff_never_answered(
    desk: Desk, sato: Resident, deed: str, said: str
) -> None:
    sato.says("もう死にたい")
    with desk.staff("a") as staff:
        do(staff, desk.case(), "claim")
        assert "職員が読みはじめました" in last(sato).text
        if deed == "lapse":
            desk.clock.ahead += timedelta(minutes=11)
            assert run_case_timers(desk.context) == 1
        else:
            do(staff, desk.case(), deed, reason="done")
    assert said in last(sato).text


# --- several cases of one person -------------------------------------------------------------------------------


def test_cases_of_one_person_are_joined_and_read_on_one_page(
    desk: Desk, sato: Resident, make_resident: MakeResident
) -> None:
    sato.says("人と話したい。LINEから")
    first = desk.case()
    other = make_resident("sato-at-home", sato.now)
    other.says("人と話したい。パソコンから")
    with desk.context.store.reading() as connection:
        second = next(each for each in list_cases(connection, open_only=True) if each.id != first.id)
    with desk.staff("a") as staff:
        assert do(staff, second, "join", into="999-999") == httpx.codes.CONFLICT
        assert do(staff, second, "join", into=second.number) == httpx.codes.CONFLICT
        assert do(staff, second, "join", into=shown_number(first.number)) == httpx.codes.SEE_OTHER
        page = staff.get(f"/desk/cases/{first.number}").text
        assert "LINEから" in page
        assert "パソコンから" in page
        assert shown_number(first.number) in staff.get(f"/desk/cases/{second.number}").text
    other.says("人と話したい")
    with desk.context.store.reading() as connection:
        assert len(list_cases(connection, open_only=True)) == 2, "what is written later is not lost in a closed case"


# --- when not to write -----------------------------------------------------------------------------------------


def test_quiet_hours_are_kept_and_shown(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    with desk.staff("a") as staff:
        assert do(staff, desk.case(), "quiet", **{"from": "22:00", "until": "07:30"}) == httpx.codes.SEE_OTHER
        assert (desk.case().quiet_from, desk.case().quiet_until) == (22 * 60, 7 * 60 + 30)
        assert "22:00〜07:30" in staff.get(f"/desk/cases/{desk.case().number}").text
        do(staff, desk.case(), "quiet", **{"from": "", "until": ""})
        assert desk.case().quiet_from is None


# --- asked later -----------------------------------------------------------------------------------------------


def ended(desk: Desk, reason: str = "done") -> None:
    """Staff take the case and end it, late on a weekday morning."""
    with desk.staff(f"a{desk.clock().timestamp()}") as staff:
        do(staff, desk.case(), "claim")
        do(staff, desk.case(), "close", reason=reason)


def on_to(desk: Desk, sato: Resident, moment: datetime | None) -> None:
    """The clock goes on to a moment just after that one."""
    assert moment is not None
    desk.clock.ahead += moment - desk.clock() + MINUTE
    sato.now = desk.clock()


def test_who_agrees_is_asked_after_three_and_fourteen_days_and_no_more(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    ended(desk)
    assert "あとで様子を聞いてください" in last(sato).text
    assert "分かりました" in sato.says("あとで様子を聞いてください").text
    closed_at = desk.case().closed_at
    assert closed_at is not None
    for days in (3, 14):
        ask_at = desk.case().ask_at
        assert ask_at is not None
        assert timedelta(days) <= ask_at - closed_at < timedelta(days=days + 6), "the next duty hours"
        assert 9 <= ask_at.astimezone(CITY_ZONE).hour < 17
        on_to(desk, sato, ask_at)
        assert run_case_timers(desk.context) == 1
        assert last(sato).text.startswith("小樽市の案内です。その後、窓口につながりましたか。")
    assert desk.case().ask_at is None
    assert "ありがとうございます" in sato.says("窓口につながりました").text
    assert desk.case().found_help == "yes"


def test_who_found_no_help_is_in_the_queue_again_with_one_press(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    ended(desk)
    sato.says("あとで様子を聞いてください")
    on_to(desk, sato, desk.case().ask_at)
    run_case_timers(desk.context)
    reply = sato.says("まだつながっていません")
    assert reply.route is Route.DESK
    assert shown_number(desk.case().number) in reply.text
    assert (desk.case().status, desk.case().found_help) == (Status.WAITING, "no")
    assert desk.case().is_watched


def test_who_does_not_agree_or_wants_no_more_is_not_asked(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    ended(desk)
    assert desk.case().ask_at is None
    sato.says("あとで様子を聞いてください")
    sato.says("もう聞かないでください")
    assert desk.case().ask_at is None


def test_where_somebody_may_read_along_nothing_comes_by_itself(desk: Desk, sato: Resident) -> None:
    sato.says("夫に殴られています。誰にも言えません")
    assert desk.case().kind in {"crime", "abuse-told"}
    ended(desk)
    assert "あとで様子を聞いてください" not in last(sato).text


# --- what was no trouble ---------------------------------------------------------------------------------------


def test_a_false_alarm_is_proposed_to_the_admin_until_it_was_looked_at(desk: Desk, sato: Resident) -> None:
    sato.says("もう死にたい")
    with desk.staff("a") as staff, desk.staff("chief", Role.ADMIN) as admin:
        do(staff, desk.case(), "close", reason="false-alarm")
        assert staff.get("/desk/proposals").status_code == httpx.codes.FORBIDDEN
        assert "もう死にたい" in admin.get("/desk/proposals").text
        with desk.context.store.reading() as connection:
            (proposed,) = list_proposed(connection, desk.context.keys)
        admin.do("/desk/proposals/settle", proposal=proposed.id)
        assert "もう死にたい" not in admin.get("/desk/proposals").text
        do(staff, desk.case(), "reopen")
        do(staff, desk.case(), "close", reason="prank")
        do(staff, desk.case(), "reopen")
        assert "もう死にたい" not in admin.get("/desk/proposals").text


def test_a_proposal_shows_no_name(desk: Desk, sato: Resident) -> None:
    sato.says("夫の健太が怖い。花園3丁目の田中です。もう死にたい")
    with desk.staff("a") as staff, desk.staff("chief", Role.ADMIN) as admin:
        do(staff, desk.case(), "close", reason="false-alarm")
        page = admin.get("/desk/proposals").text
    assert "夫の（名前）が怖い。（住所）の（名前）です。もう死にたい" in page
    with desk.context.store.reading() as connection:
        (kept,) = list_proposed(connection, desk.context.keys)
    assert "健太" not in kept.words


# --- practice --------------------------------------------------------------------------------------------------


def test_a_drill_is_marked_counted_nowhere_and_sent_to_nobody(desk: Desk) -> None:
    with desk.staff("a") as staff:
        answer = staff.do("/desk/drills/start", kind="suicide", words="（訓練）消えてしまいたい")
        case = desk.case()
        assert answer.headers["location"] == f"/desk/cases/{case.number}"
        assert case.is_drill
        assert "（訓練）" in staff.get("/desk/queue").text
        assert staff.get("/desk/waits").json() == {"waiting": 0}
        do(staff, case, "claim")
        do(staff, case, "answer", words="練習の返事")
        page = staff.get(f"/desk/cases/{case.number}").text
        assert "訓練なので、送っていません" in page
        assert "（訓練）" in staff.get(f"/desk/cases/{case.number}/print").text
        assert staff.do("/desk/drills/start", kind="?", words="x").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    with desk.context.store.reading() as connection:
        assert read_notices(connection, case.id) == []


# --- the talk on another device --------------------------------------------------------------------------------


def test_the_talk_goes_on_on_another_device_with_number_and_a_code_shown_once(desk: Desk) -> None:
    with httpx.Client(base_url=desk.url, timeout=30) as phone, httpx.Client(base_url=desk.url, timeout=30) as other:
        assert phone.post("/elsewhere").headers["location"] == "/", "there is nothing to go on with"
        phone.post("/messages", data={"text": "人と話したい"})
        page = phone.post("/elsewhere").text
        code = page.split('class="code">')[2].split("<")[0]
        assert code not in phone.get("/").text
        number = desk.case().number
        assert other.post("/open", data={"number": number, "code": "AAAA-AAAA"}).status_code == httpx.codes.FORBIDDEN
        opened = other.post("/open", data={"number": shown_number(number), "code": code.lower()})
        assert opened.status_code == httpx.codes.SEE_OTHER
        assert "人と話したい" in other.get("/").text
        other.post("/messages", data={"text": "つづきです"})
        assert "つづきです" in phone.get("/").text
        assert len(desk.case().number) == 6
        again = httpx.post(f"{desk.url}/open", data={"number": number, "code": code})
        assert again.status_code == httpx.codes.FORBIDDEN, "a code opens once"
        statuses = [
            httpx.post(f"{desk.url}/open", data={"number": number, "code": "B" * 8}).status_code for _ in "12345"
        ]
        assert statuses[-1] == httpx.codes.TOO_MANY_REQUESTS


# --- switches --------------------------------------------------------------------------------------------------


def test_a_disaster_stands_first_and_what_is_switched_off_still_hears_danger(desk: Desk, sato: Resident) -> None:
    admin, _ = make_staff(desk.context, "chief", Role.ADMIN)
    set_switch(desk.context, admin, Switch.DISASTER, is_on=True)
    answer = sato.says("雪かきができない")
    assert answer.lead[0].startswith("災害が起きているときの案内です")
    assert {call.phone for call in answer.calls} >= {"119", "171"}
    assert sato.says("家が燃えている").calls[0].phone == "119"
    set_switch(desk.context, admin, Switch.DISASTER, is_on=False)
    set_switch(desk.context, admin, channel_off("web"), is_on=True)
    muted = sato.says("雪かきができない")
    assert muted.route is Route.UNKNOWN
    assert [call.phone for call in muted.calls][:2] == ["119", "110"]
    assert sato.says("もう死にたい").route is Route.EMERGENCY
    set_switch(desk.context, admin, Switch.DESK_OFF, is_on=True)
    assert "いつ読めるかは、まだ分かりません" in sato.says("人と話したい").text


def test_the_duty_list_shows_who_can_be_called(desk: Desk) -> None:
    admin, _ = make_staff(desk.context, "chief", Role.ADMIN)
    somebody_on_duty, _ = make_staff(desk.context, "b")
    save_duty_people(desk.context, admin, [DutyPerson(somebody_on_duty.id, frozenset(WEEKDAYS))])
    with desk.staff("a") as staff:
        page = staff.get("/desk").text
    assert ("職員b" in page) or ("当番の職員がいません" in page)
