"""Staff are told outside the desk: by mail and in LINE chats, never with a word of a resident."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.domain.cases.case import Arrived, Case, CaseWish, opened
from bot.domain.cases.case_transitions import CaseAction, Reason, Status
from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.delivery.notices import is_needed
from bot.domain.messages import Route
from bot.domain.opening_hours import WEEKDAYS, OpeningHours
from bot.domain.staff.permissions import Role, Staff
from bot.domain.switches import Switch
from bot.domain.understanding.kinds import KindId
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close
from bot.handlers.staff.chat_pairing import confirm, offer, read_chats
from bot.handlers.staff.duty_settings import save_desk_mail, save_duty_people
from bot.handlers.staff.feature_switches import set_switch
from bot.storage.delivery.outbox_reads import read_notices
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import event, group, text_event, user
from tests.support.line.line_server import LineServer
from tests.support.mail_server import MailServer, words_of
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.staff.desk_staff import make_staff

PLACE = group("staff")


@dataclass
class Office:
    """A bot on LINE with a mail server, and its staff."""

    bot: LineBot
    mail: MailServer
    admin: Staff

    @property
    def context(self) -> AppContext:
        return self.bot.context

    def make_staff(self, login: str, mail: str = "") -> Staff:
        return make_staff(self.context, login, mail=mail)[0]

    def on_duty(self, *staff: Staff, on_call: bool = False) -> None:
        days = frozenset(WEEKDAYS)
        save_duty_people(self.context, self.admin, [DutyPerson(each.id, days, on_call) for each in staff])

    def case(self) -> Case:
        (found,) = self.bot.all_cases()
        return found

    def states(self) -> set[tuple[str, str]]:
        with self.context.store.reading() as connection:
            return {(why, state) for _, why, _, state in read_notices(connection, self.case().id)}

    def pair(self, who: Staff, address: str, *, for_group: bool = False) -> None:
        code = offer(self.context, who, "line", for_group=for_group)
        taken = len(self.bot.line.taken)
        self.bot.gets(text_event(f"職員　{code}", address, self.bot.line.token_for(address)))
        assert "コードを受け取りました" in self.bot.line.wait_for(taken + 1)[taken].words
        (chat,) = [each for each in read_chats(self.context, who).chats if each.state == "written"]
        confirm(self.context, who, chat.id)
        assert "つながりました" in self.bot.line.wait_for(taken + 2)[taken + 1].words

    def press(self, name: str, place: str = "") -> str:
        """Somebody presses the claim button; what is answered."""
        who = place or user(name)
        taken = len(self.bot.line.taken)
        pressed = event("postback", who, self.bot.line.token_for(who), postback={"data": f"claim:{self.case().id}"})
        if place and name:
            pressed["source"]["userId"] = user(name)
        self.bot.gets(pressed)
        wait_until(lambda: any(each.to == who or each.way == "reply" for each in self.bot.line.taken[taken:]))
        return next(each.words for each in self.bot.line.taken[taken:] if each.to == who or each.way == "reply")


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def office(context: AppContext, line: LineServer) -> Iterator[Office]:
    clock = ShiftedClock()
    tells = replace(context, staff_channels=frozenset({"mail", "line"}))
    with MailServer() as mail:
        context = replace(line_context(tells, line, clock), mail=mail.post, base_url="https://bot.example.jp")
        with running_line_bot(context, line, clock) as bot:
            yield Office(bot, mail, make_staff(context, "chief", Role.ADMIN)[0])


def test_a_letter_carries_number_kind_urgency_and_link_and_no_word(office: Office) -> None:
    office.on_duty(office.make_staff("a", "a@city.example"), on_call=True)
    save_desk_mail(office.context, office.admin, "desk@city.example")
    office.bot.answer("もう死にたい。きのう薬を集めた")
    wait_until(lambda: len(office.mail.letters) == 2)
    assert {letter["to"] for letter in office.mail.letters} == {"a@city.example", "desk@city.example"}
    letter, number = office.mail.letters[0], office.case().number
    assert letter["subject"] == f"【緊急】{number[:3]}-{number[3:]} 届きました"
    assert "死にたい気持ち" in words_of(letter)
    assert f"https://bot.example.jp/desk/cases/{number}" in words_of(letter)
    assert "薬" not in office.mail.everything()
    assert letter["auto-submitted"] == "auto-generated"
    wait_until(lambda: office.states() == {("open", "accepted")})


def test_the_citys_switch_puts_the_words_in_and_off_again(office: Office) -> None:
    save_desk_mail(office.context, office.admin, "desk@city.example")
    set_switch(office.context, office.admin, Switch.NOTICE_WORDS, is_on=True)
    office.bot.answer("人と話したい。灯油が買えない")
    wait_until(lambda: len(office.mail.letters) == 1)
    assert "灯油が買えない" in words_of(office.mail.letters[0])
    set_switch(office.context, office.admin, Switch.NOTICE_WORDS, is_on=False)
    office.bot.answer("もう死にたい")
    wait_until(lambda: len(office.mail.letters) == 2)
    assert "もう死にたい" not in words_of(office.mail.letters[1])


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_an_alarm(office: Office) -> None:
    save_desk_mail(office.context, office.admin, "desk@city.example")
    office.mail.answers.extend(["451 later"])
    office.bot.answer("人と話したい")
    wait_until(lambda: len(office.mail.letters) == 1)
    office.mail.answers.extend(["550 no"])
    office.bot.answer("もう死にたい")
    wait_until(lambda: ("raise", "failed") in office.states())


def test_the_way_of_a_claim_in_the_staff_group(office: Office, line: LineServer) -> None:
    sato, ito = office.make_staff("sato"), office.make_staff("ito")
    office.pair(sato, user("sato-phone"))
    office.pair(ito, user("ito-phone"))
    office.pair(office.admin, PLACE, for_group=True)
    office.bot.gets(text_event("おつかれさまです", PLACE, line.token_for(PLACE)))
    office.bot.hears("もう死にたい", "resident")
    wait_until(lambda: any(each.to == PLACE and "緊急" in each.words for each in line.taken))
    (told,) = [each for each in line.taken if each.to == PLACE and "緊急" in each.words]
    assert told.way == "push"
    assert "もう死にたい" not in told.words
    assert f"claim:{office.case().id}" in told.words
    assert "担当できませんでした" in office.press("stranger", PLACE)
    assert "担当できませんでした" in office.press("", PLACE), "LINE may not say who pressed"
    assert office.case().status is Status.WAITING
    assert "職員satoさんが" in office.press("sato-phone", PLACE)
    assert office.case().owner == sato.id
    assert "職員satoさんが先に担当しました" in office.press("ito-phone")
    assert line.left == []
    office.bot.gets(event("leave", PLACE))
    wait_until(
        lambda: [chat.state for chat in read_chats(office.context, office.admin).chats if chat.is_group] == ["lost"]
    )


def test_a_code_opens_once_and_not_after_fifteen_minutes(office: Office, line: LineServer) -> None:
    code = offer(office.context, office.admin, "line", for_group=True)
    office.bot.clock.ahead += timedelta(minutes=16)
    office.bot.gets(text_event(f"職員 {code}", PLACE, line.token_for(PLACE)))
    wait_until(lambda: line.left == [PLACE])
    assert read_chats(office.context, office.admin).chats == ()


def test_what_nobody_needs_any_more_is_spared(office: Office) -> None:
    save_desk_mail(office.context, office.admin, "desk@city.example")
    office.mail.answers.extend(["451 later"])
    office.bot.answer("人と話したい")
    case = office.case()
    claim(office.context, office.admin, case.id)
    close(office.context, office.admin, case.id, Reason.DONE)
    wait_until(lambda: office.states() == {("open", "spared")})
    assert office.mail.letters == []


def test_an_alarm_climbs_to_the_next_person(office: Office) -> None:
    first, second = office.make_staff("a", "a@city.example"), office.make_staff("b", "b@city.example")
    office.on_duty(first, second, on_call=True)
    office.bot.answer("もう死にたい")
    wait_until(lambda: len(office.mail.letters) == 1)
    office.bot.clock.ahead += timedelta(minutes=5, seconds=1)
    wait_until(lambda: len(office.mail.letters) == 3)
    assert [letter["to"] for letter in office.mail.letters].count("b@city.example") == 1


ABOUT_WAITING = {CaseAction.OPEN, CaseAction.ALARM, CaseAction.LAPSE, CaseAction.RELEASE, CaseAction.REOPEN}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("why", CaseAction)
def test_a_notice_is_spared_where_nobody_needs_it_any_more(status: Status, why: CaseAction) -> None:
    arrived = Arrived(TUESDAY_NOON, "sato", "")
    wish = CaseWish(KindId("person"), Route.DESK)
    case = replace(opened("c", "123456", wish, arrived, DutyRoster(OpeningHours())), status=status)
    needed = {
        Status.WAITING: True,
        Status.CLAIMED: why not in ABOUT_WAITING,
        Status.CLOSED: why is CaseAction.CANCEL,
        Status.CANCELLED: why is CaseAction.CANCEL,
    }
    assert is_needed(case, why) == needed[status]
