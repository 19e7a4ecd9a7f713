"""Who is told of what by which way: the owner, who is on duty, one further with each alarm, the desk, its groups."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count

import pytest

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import Role, Staff
from bot.domain.switches import FEW_PUSHES
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close, hand_over, release
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.cases.drills import start_drill
from bot.handlers.staff.duty_settings import save_desk_mail, save_duty_people
from bot.handlers.staff.staff_accounts import AccountAdmin as Accounts
from bot.handlers.staff.staff_accounts import close_account
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import read_notices
from bot.storage.staff.duty_rows import write_switch
from bot.storage.staff.staff_chat_rows import NewOffer, bind_chat, find_offer, list_chats, offer_chat, write_offer
from tests.conftest import Resident
from tests.support.manual_clock import TUESDAY_NIGHT, TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import make_staff

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DESK = "mail:desk"


@dataclass
class Office:
    """A context on a hand-set clock in which nothing goes out: its notices are read where they wait."""

    context: AppContext
    clock: ManualClock
    chief: Staff
    heard: Counter[str] = field(default_factory=Counter)

    def make_staff(self, login: str, *, mail: bool = True, chat: bool = False, role: Role = Role.COUNSELLOR) -> Staff:
        staff, _ = make_staff(self.context, login, role, f"{login}@city.example" if mail else "")
        if chat:
            self.pair(login, staff.id)
        return staff

    def pair(self, name: str, staff: str = "") -> None:
        """A chat of LINE that is bound; without `staff` it is a group."""
        store, now = self.context.store, self.clock.now
        store.transaction(lambda connection: offer_chat(connection, NewOffer("line", staff, name, now + HOUR), now))
        with store.reading() as connection:
            chat = find_offer(connection, "line", name, now)
        assert chat is not None
        keys, lane = self.context.keys, f"lane of {name}"
        store.transaction(lambda connection: write_offer(connection, keys, chat, lane, name))
        store.transaction(lambda connection: bind_chat(connection, replace(chat, lane=lane)))

    def on_duty(self, *people: Staff | DutyPerson) -> None:
        lines = [each if isinstance(each, DutyPerson) else DutyPerson(each.id) for each in people]
        save_duty_people(self.context, self.chief, lines)

    def resident(self) -> Resident:
        return Resident(self.context, "sato", self.clock.now, count())

    def case(self) -> Case:
        with self.context.store.reading() as connection:
            (found,) = list_cases(connection, open_only=False)
        return found

    def told(self) -> list[str]:
        """Who was told since this was last asked: `mail:a`, `chat:a`, `chat:group`."""
        with self.context.store.reading() as connection:
            chats = {f"chat:{each.id}": each.lane.removeprefix("lane of ") for each in list_chats(connection)}
            cases = list_cases(connection, open_only=False)
            every = Counter(recipient for case in cases for recipient, *_ in read_notices(connection, case.id))
        new, self.heard = every - self.heard, every
        return sorted(f"chat:{chats[each]}" if each in chats else each.split("@")[0] for each in new.elements())

    def rings(self, after: timedelta) -> list[str]:
        """Who is told when the clocks run after that time."""
        self.clock.now += after
        assert run_case_timers(self.context) == 1
        return self.told()


@pytest.fixture
def office(context_sqlite: AppContext) -> Office:
    clock = ManualClock(TUESDAY_NOON)
    context = replace(context_sqlite, staff_channels=frozenset({"mail", "line"}), clock=clock)
    return Office(context, clock, make_staff(context, "chief", Role.ADMIN)[0])


@pytest.fixture
def full(office: Office) -> tuple[Staff, Staff, Staff]:
    """安部, 伊藤 and 宇野 on duty, each with mail and a chat of their own; the desk has mail and a group."""
    people = tuple(office.make_staff(name, chat=True) for name in ("abe", "ito", "uno"))
    office.on_duty(*people)
    save_desk_mail(office.context, office.chief, "desk@city.example")
    office.pair("group")
    abe, ito, uno = people
    return abe, ito, uno


@pytest.mark.usefixtures("full")
def test_a_case_is_told_to_the_first_on_duty_the_desk_and_its_group(office: Office) -> None:
    office.resident().says("人と話したい")
    assert office.told() == ["chat:group", "mail:abe", DESK]


@pytest.mark.usefixtures("full")
def test_an_emergency_rings_in_the_persons_own_chat_too(office: Office) -> None:
    office.resident().says("もう死にたい")
    assert office.told() == ["chat:abe", "chat:group", "mail:abe", DESK]


@pytest.mark.usefixtures("full")
def test_each_alarm_goes_one_person_further_and_the_group_hears_the_second(office: Office) -> None:
    office.resident().says("人と話したい")
    office.told()
    both = ["chat:abe", "chat:ito", "mail:abe", DESK, "mail:ito"]
    assert office.rings(6 * MINUTE) == both
    everybody = ["chat:abe", "chat:group", "chat:ito", "chat:uno", "mail:abe", DESK, "mail:ito", "mail:uno"]
    assert office.rings(11 * MINUTE) == everybody
    assert office.rings(16 * MINUTE) == everybody, "there is nobody further"


@pytest.mark.usefixtures("full")
def test_the_group_hears_every_alarm_of_an_emergency(office: Office) -> None:
    office.resident().says("もう死にたい")
    office.told()
    assert "chat:group" in office.rings(6 * MINUTE)


def test_further_words_are_told_to_the_owner_alone_and_danger_to_who_is_on_duty_too(
    office: Office, full: tuple[Staff, Staff, Staff]
) -> None:
    sato = office.resident()
    sato.says("人と話したい")
    claim(office.context, full[2], office.case().id)
    office.told()
    sato.sends("雪かきができない", after=2 * MINUTE)
    assert office.told() == [DESK, "mail:uno"]
    sato.sends("もう死にたい", after=2 * MINUTE)
    assert office.told() == ["chat:abe", "chat:group", "chat:uno", "mail:abe", DESK, "mail:uno"]


def test_plain_words_in_an_emergency_that_has_an_owner_are_no_push_to_the_group(
    office: Office, full: tuple[Staff, Staff, Staff]
) -> None:
    sato = office.resident()
    sato.says("もう死にたい")
    claim(office.context, full[2], office.case().id)
    office.told()
    sato.sends("雪かきができない", after=2 * MINUTE)
    assert office.told() == ["chat:uno", DESK, "mail:uno"]


def test_an_owner_who_cannot_be_told_is_no_reason_to_tell_nobody(
    office: Office, full: tuple[Staff, Staff, Staff]
) -> None:
    sato, deaf = office.resident(), office.make_staff("deaf", mail=False)
    sato.says("人と話したい")
    claim(office.context, deaf, office.case().id)
    office.told()
    sato.sends("雪かきができない", after=2 * MINUTE)
    assert office.told() == ["mail:abe", DESK]
    hand_over(office.context, deaf, office.case().id, full[1].id, "")
    assert office.told() == [DESK, "mail:ito"], "who gets it is told"


def test_a_case_that_comes_back_is_told_as_a_new_one(office: Office, full: tuple[Staff, Staff, Staff]) -> None:
    office.resident().says("人と話したい")
    claim(office.context, full[2], office.case().id)
    office.told()
    assert office.rings(90 * MINUTE) == ["chat:group", "mail:abe", DESK], "its owner forgot it"
    claim(office.context, full[2], office.case().id)
    office.told()
    release(office.context, full[2], office.case().id)
    assert office.told() == ["chat:group", "mail:abe", DESK]


def test_who_found_no_help_yet_is_told_as_a_new_one(office: Office, full: tuple[Staff, Staff, Staff]) -> None:
    sato = office.resident()
    sato.says("人と話したい")
    claim(office.context, full[2], office.case().id)
    close(office.context, full[2], office.case().id, Reason.DONE)
    sato.says("あとで様子を聞いてください")
    office.told()
    sato.says("まだつながっていません", after=2 * MINUTE)
    assert office.case().status is Status.WAITING
    assert office.told() == ["chat:group", "mail:abe", DESK]


@pytest.mark.usefixtures("full")
def test_people_write_in_pieces_and_staff_are_told_once(office: Office) -> None:
    sato = office.resident()
    sato.says("人と話したい", after=timedelta())
    office.told()
    sato.sends("雪かきができない", after=30 * SECOND)
    assert office.told() == []
    sato.sends("玄関もです", after=29 * SECOND)
    assert office.told() == []
    sato.sends("屋根もです", after=SECOND)
    assert office.told() == ["mail:abe", DESK]
    sato.sends("もう死にたい", after=SECOND)
    assert office.told() == ["chat:abe", "chat:group", "mail:abe", DESK], "danger is told at once"


def test_a_drill_tells_nobody(office: Office, full: tuple[Staff, Staff, Staff]) -> None:
    start_drill(office.context, office.chief, office.context.content.catalog.kinds["suicide"], "練習です")
    assert office.told() == []
    assert office.rings(6 * MINUTE) == []
    claim(office.context, full[0], office.case().id)
    release(office.context, full[0], office.case().id)
    assert office.told() == []


def test_who_is_away_or_off_today_is_passed_over(office: Office) -> None:
    away, off, there = (office.make_staff(name) for name in ("away", "off", "there"))
    days = frozenset(WEEKDAYS) - {"tue"}
    today = date(2026, 11, 24)
    office.on_duty(DutyPerson(away.id, absent_until=today), DutyPerson(off.id, days), there)
    office.resident().says("もう死にたい")
    assert office.told() == ["mail:there"]


def test_out_of_hours_only_who_is_on_call_and_can_be_told(office: Office) -> None:
    office.clock.now = TUESDAY_NIGHT
    deaf, sleeps, wakes = office.make_staff("deaf", mail=False), office.make_staff("sleeps"), office.make_staff("wakes")
    office.on_duty(DutyPerson(deaf.id, on_call=True), sleeps, DutyPerson(wakes.id, on_call=True))
    assert "夜間当番の職員に知らせます" in office.resident().says("もう死にたい").text
    assert office.told() == ["mail:wakes"]


def test_nothing_is_promised_where_who_is_on_call_cannot_be_told(office: Office) -> None:
    office.clock.now = TUESDAY_NIGHT
    deaf = office.make_staff("deaf", mail=False)
    office.on_duty(DutyPerson(deaf.id, on_call=True))
    assert "夜間当番の職員に知らせます" not in office.resident().says("もう死にたい").text
    assert office.told() == []


def test_who_may_not_read_a_case_and_who_has_left_is_told_nothing(office: Office) -> None:
    auditor, gone, there = (
        office.make_staff("auditor", role=Role.AUDITOR),
        office.make_staff("gone"),
        office.make_staff("there"),
    )
    office.on_duty(auditor, gone, there)
    close_account(Accounts(office.context.store, office.context.keys, office.clock.now), "gone")
    sato = office.resident()
    sato.says("もう死にたい")
    for _ in range(2):
        office.rings(20 * MINUTE)
    with office.context.store.reading() as connection:
        assert {each for each, *_ in read_notices(connection, office.case().id)} == {"mail:there@city.example"}


def few_pushes(office: Office) -> None:
    office.context.store.transaction(
        lambda connection: write_switch(connection, FEW_PUSHES, "yes", "clock", office.clock.now)
    )


@pytest.mark.usefixtures("full")
def test_few_pushes_are_spared_for_emergencies(office: Office) -> None:
    few_pushes(office)
    sato = office.resident()
    sato.says("人と話したい")
    assert office.told() == ["mail:abe", DESK]
    for wait in (6, 11):
        assert "chat:group" not in office.rings(wait * MINUTE)
    sato.now = office.clock.now
    sato.sends("もう死にたい")
    assert "chat:group" in office.told()


def test_where_nobody_else_is_found_the_group_is_told_though_pushes_are_few(office: Office) -> None:
    few_pushes(office)
    office.pair("group")
    office.resident().says("人と話したい")
    assert office.told() == ["chat:group"]
    save_desk_mail(office.context, office.chief, "desk@city.example")
    assert office.rings(6 * MINUTE) == [DESK], "the desk's mail is somebody"


def test_without_a_mail_server_mail_is_no_way(office: Office, full: tuple[Staff, Staff, Staff]) -> None:
    office.context = replace(office.context, staff_channels=frozenset({"line"}))
    assert full
    office.resident().says("人と話したい")
    assert office.told() == ["chat:abe", "chat:group"]
    office.context = replace(office.context, staff_channels=frozenset())
    office.resident().sends("もう死にたい", event="2", after=5 * MINUTE)
    assert office.told() == []
