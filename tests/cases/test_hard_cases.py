"""What an adversary, an accident or a tired hand would do: each of these has been a fault once."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bot.channels.telegram.telegram_events import read_update
from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import NotPossibleError, Reason, Status
from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.delivery.notices import is_needed
from bot.domain.messages import EventKind, Inbound
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import Role, Staff
from bot.domain.understanding.pseudonymise import masked
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, close, hand_over, join, reopen
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.cases.drills import start_drill
from bot.handlers.conversation.receive_message import receive
from bot.handlers.operations.purge import purge_resident
from bot.handlers.staff.duty_settings import save_duty_people
from bot.handlers.staff.staff_accounts import AccountAdmin, close_account
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import read_notices
from bot.storage.schema.desk_schema import staff_chats
from bot.web.chat.chat_page import ChatPage
from bot.web.visitors import sender_of
from tests.conftest import Resident
from tests.support.line.line_bot import unreachable_line
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import DeskClient, make_staff
from tests.support.staff.running_desk import Desk, running_desk

MakeResident = Callable[..., Resident]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(TUESDAY_NOON)


@pytest.fixture
def context(context: AppContext, clock: ManualClock) -> AppContext:
    return replace(context, staff_channels=frozenset({"mail", "line"}), clock=clock, channels=unreachable_line())


@pytest.fixture
def sato(make_resident: MakeResident, context: AppContext, clock: ManualClock) -> Resident:
    resident = make_resident("sato", clock())
    resident.context = context
    return resident


def cases(context: AppContext) -> list[Case]:
    with context.store.reading() as connection:
        return list_cases(connection, open_only=False)


def told(context: AppContext, case: Case) -> list[tuple[str, str]]:
    with context.store.reading() as connection:
        return [(recipient, why) for recipient, why, *_ in read_notices(connection, case.id)]


def taken(
    context: AppContext, resident: Resident, clock: ManualClock, words: str = "もう死にたい"
) -> tuple[Case, Staff]:
    """A case of that resident in the hands of somebody with mail."""
    resident.says(words)
    clock.now = resident.now
    owner, _ = make_staff(context, f"owner{resident.name}", mail="owner@city.example")
    return claim(context, owner, cases(context)[0].id), owner


# --- an SOS is taken back by its own words alone ----------------------------------------------------------------


@pytest.mark.parametrize("said", ["1", "１です", "一番", "上", "下です", "相談", "消す", "本人"])
def test_a_number_or_a_part_of_a_button_takes_no_sos_back(context: AppContext, sato: Resident, said: str) -> None:
    sato.says("もう死にたい")
    sato.sends(said)
    (case,) = cases(context)
    assert (case.status, case.for_other) == (Status.WAITING, False)
    assert "取り消しました" in sato.says("相談を取り消す").text
    assert cases(context)[0].status is Status.CANCELLED


def test_while_staff_ask_an_answer_is_no_button(context: AppContext, sato: Resident, clock: ManualClock) -> None:
    case, owner = taken(context, sato, clock)
    answer(context, owner, case.id, StaffAnswer("お子さんは何人ですか"))
    for said in ("1", "2", "相談"):
        sato.sends(said)
    assert cases(context)[0].status is Status.CLAIMED


def test_an_old_button_takes_back_no_new_case(context: AppContext) -> None:
    def press(does: str, event: str) -> None:
        message = Inbound("line", "sato", event, does, TUESDAY_NOON, kind=EventKind.PRESS)
        receive(context, [message], TUESDAY_NOON)

    receive(context, [Inbound("line", "sato", "a", "もう死にたい", TUESDAY_NOON)], TUESDAY_NOON)
    press("cancel@000-001", "b")
    assert cases(context)[0].status is Status.WAITING
    number = cases(context)[0].number
    press(f"cancel@{number[:3]}-{number[3:]}", "c")
    assert cases(context)[0].status is Status.CANCELLED


def test_who_looked_after_a_case_is_told_that_it_was_taken_back(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    case, _ = taken(context, sato, clock)
    sato.says("取り消す")
    assert ("mail:owner@city.example", "cancel") in told(context, case)
    assert is_needed(cases(context)[0], "cancel")


# --- clocks that ring for everybody ------------------------------------------------------------------------------


def test_one_case_that_fails_stops_no_other_clock(
    context: AppContext, sato: Resident, clock: ManualClock, make_resident: MakeResident
) -> None:
    sato.says("人と話したい")
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    clock.now = sato.now
    (case,) = cases(context)
    claim(context, admin, case.id)
    close(context, admin, case.id, Reason.DONE)
    sato.says("あとで様子を聞いてください")
    assert cases(context)[0].ask_at is not None
    purge_resident(context.store, case.number, clock())
    assert cases(context)[0].ask_at is None
    other = make_resident("ito", clock())
    other.context = context
    other.says("もう死にたい")
    clock.now += timedelta(days=20)
    assert run_case_timers(context) == 1
    assert next(each for each in cases(context) if each.id != case.id).alarms == 1


def test_the_cases_of_who_leaves_go_back_and_danger_is_told_to_who_is_there(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    case, owner = taken(context, sato, clock)
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    there, _ = make_staff(context, "there", mail="there@city.example")
    save_duty_people(context, admin, [DutyPerson(there.id, frozenset(WEEKDAYS), on_call=True)])
    sato.sends("もう死にたい。薬をたくさん飲んだ")
    assert "mail:there@city.example" in {recipient for recipient, _ in told(context, case)}
    clock.now = sato.now
    close_account(AccountAdmin(context.store, context.keys, clock()), owner.login)
    assert run_case_timers(context) == 1
    assert (cases(context)[0].status, cases(context)[0].owner) == (Status.WAITING, "")


def test_where_a_group_is_all_there_is_it_is_told_again(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    values = {
        "id": "group", "channel": "line", "lane": "g", "code": "c", "code_until": TUESDAY_NOON, "state": "bound",
        "created_at": TUESDAY_NOON,
    }  # fmt: skip
    context.store.transaction(lambda connection: connection.execute(staff_chats.insert().values(values)))
    sato.says("人と話したい")
    clock.now = sato.now + 6 * MINUTE
    run_case_timers(context)
    assert [why for _, why in told(context, cases(context)[0])] == ["open", "alarm"]


def test_who_is_handed_a_case_must_show_soon_that_they_know(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    case, owner = taken(context, sato, clock)
    answer(context, owner, case.id, StaffAnswer("読みました"))
    other, _ = make_staff(context, "other")
    given = hand_over(context, owner, case.id, other.id, "お願いします")
    assert given.lease_until == clock() + 10 * MINUTE


# --- what was not seen is not answered ---------------------------------------------------------------------------


def test_an_answer_leaves_waiting_what_its_writer_had_not_seen(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    case, owner = taken(context, sato, clock, "人と話したい")
    seen = sato.now
    sato.sends("死にたい。薬をたくさん飲んだ")
    clock.now = sato.now + MINUTE
    after = answer(context, owner, case.id, StaffAnswer("こんにちは", seen))
    assert after.unanswered_since == sato.now
    assert after.lease_until is not None
    assert after.lease_until <= clock() + 10 * MINUTE
    assert answer(context, owner, case.id, StaffAnswer("読みました", sato.now)).unanswered_since is None


def test_two_presses_are_one_answer(context: AppContext, sato: Resident, clock: ManualClock) -> None:
    case, owner = taken(context, sato, clock)
    for _ in range(2):
        answer(context, owner, case.id, StaffAnswer("読みました"))
    said = [reply.body for exchange in sato.talk() for reply in exchange.replies if reply.by_staff]
    assert said == [("読みました",)]


def test_an_answer_weeks_later_is_shown_on_the_page(context: AppContext, clock: ManualClock) -> None:
    receive(context, [Inbound("web", sender_of("t"), "a", "人と話したい", clock())], clock())
    owner, _ = make_staff(context, "a")
    claim(context, owner, cases(context)[0].id)
    clock.now += timedelta(days=31)
    run_case_timers(context)
    claim(context, owner, cases(context)[0].id)
    answer(context, owner, cases(context)[0].id, StaffAnswer("お待たせしました"))
    (exchange,) = ChatPage(context).exchanges("t")
    assert exchange.replies[-1].body == ("お待たせしました",)


# --- cases of one person -----------------------------------------------------------------------------------------


def test_an_sos_is_joined_to_no_drill_and_reopened_it_goes_on_nowhere_else(
    context: AppContext, sato: Resident, clock: ManualClock, make_resident: MakeResident
) -> None:
    sato.says("もう死にたい")
    clock.now = sato.now
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    drill = start_drill(context, admin, context.content.catalog.kinds["distress"], "（訓練）")
    (case,) = [each for each in cases(context) if not each.is_drill]
    with pytest.raises(NotPossibleError):
        join(context, admin, case.id, drill.number)
    other = make_resident("ito", clock())
    other.context = context
    other.says("人と話したい")
    second = next(each for each in cases(context) if each.id not in {case.id, drill.id})
    join(context, admin, second.id, case.number)
    assert reopen(context, admin, second.id).joined_to == ""


def test_an_ended_case_is_not_opened_beside_an_open_one(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    sato.says("人と話したい")
    clock.now = sato.now
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    first = cases(context)[0]
    close(context, admin, first.id, Reason.DONE)
    sato.says("人と話したい", after=timedelta(days=9))
    with pytest.raises(NotPossibleError):
        reopen(context, admin, first.id)


def test_in_a_case_of_violence_nobody_is_asked_later_whatever_is_typed(
    context: AppContext, sato: Resident, clock: ManualClock
) -> None:
    sato.says("夫に殴られています。誰にも言えません")
    clock.now = sato.now
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    close(context, admin, cases(context)[0].id, Reason.DONE)
    assert "3日後" not in sato.says("あとで様子を聞いてください").text
    assert cases(context)[0].ask_at is None


# --- doors -------------------------------------------------------------------------------------------------------


def test_a_message_made_to_be_slow_is_not(understander: Understander) -> None:
    analyzer = understander.analyzer
    masked("はじめ", analyzer)  # loads the dictionary
    begun = time.perf_counter()
    for text in ("㌖" * 20_000, "あ" * 20_000, "a" * 20_000, "1-" * 10_000):
        masked(text, analyzer)
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize("text", ["/help my husband is beating me", "/start I want to die", "/human tasukete"])
def test_words_behind_a_command_are_words(text: str) -> None:
    message = {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}, "text": text}
    read = read_update(json.dumps({"update_id": 1, "message": message}), TUESDAY_NOON)
    assert (read.kind, read.text) == (EventKind.TEXT, text.split(" ", 1)[1])


@pytest.fixture
def desk(context: AppContext) -> Iterator[Desk]:
    with running_desk(context) as running:
        yield running


def test_who_knows_a_login_does_not_keep_its_owner_out(desk: Desk) -> None:
    _, credentials = make_staff(desk.context, "a")
    with DeskClient(desk.url, "a", credentials) as client:
        statuses = [client.sign_in("000000", "wrong").status_code for _ in range(8)]
        assert statuses[-1] == httpx.codes.TOO_MANY_REQUESTS
        desk.clock.ahead += 16 * MINUTE
        assert client.sign_in(credentials.recovery_codes[0]).status_code == httpx.codes.SEE_OTHER


@pytest.mark.parametrize("value", ["\xb2.x", "999999999999.x", "1.x", "."])
def test_a_forged_sign_of_the_office_opens_nothing(desk: Desk, value: str) -> None:
    answered = httpx.get(f"{desk.url}/desk/locked", headers=[(b"cookie", f"desk-office={value}".encode("latin-1"))])
    assert answered.headers["location"] == "/desk/sign-in"
