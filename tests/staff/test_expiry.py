"""What ends by itself, at both edges: sessions, codes, pages, waits after failures, what is kept of a talk."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest

from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.catalog import Retention
from bot.domain.messages import Inbound
from bot.domain.staff.permissions import Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close
from bot.handlers.conversation.link_device import WrongCodeError, link_device, offer_code
from bot.handlers.conversation.receive_message import receive
from bot.handlers.conversation.submit_private_form import is_page_there
from bot.handlers.operations.purge import Purged, purge_kept
from bot.handlers.staff.chat_pairing import offer, read_chats
from bot.handlers.staff.sign_in import STEP_SECONDS, SignIn, SignInError, sign_in, signed_in
from bot.handlers.staff.staff_accounts import Credentials
from bot.handlers.staff.throttle import TooManyTriesError
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.message_rows import read_exchanges
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.identifiers import hashed
from bot.storage.staff.staff_chat_rows import find_offer
from tests.conftest import Resident
from tests.support.line.line_bot import unreachable_line
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import code_at, make_staff

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Desk:
    """A context on a hand-set clock, and 伊藤, who is an admin."""

    context: AppContext
    clock: ManualClock
    ito: Staff
    credentials: Credentials

    def enters(self, code: str = "", password: str = "", source: str = "office") -> str:
        """伊藤 signs in, with the code of now; the session's token."""
        code = code or code_at(self.credentials, self.clock.now)
        return sign_in(self.context, SignIn("ito", password or self.credentials.password, code, source))

    def fails(self, times: int, source: str = "office") -> None:
        for _ in range(times):
            with pytest.raises(SignInError):
                self.enters(password="wrong", source=source)  # noqa: S106 -- that is the point

    def waits(self, source: str = "office") -> timedelta:
        """How long the next try has to wait."""
        with pytest.raises(TooManyTriesError) as refused:
            self.enters(source=source)
        return refused.value.until - self.clock.now


@pytest.fixture
def desk(context_sqlite: AppContext) -> Desk:
    clock = ManualClock(TUESDAY_NOON)
    context = replace(context_sqlite, clock=clock, channels=unreachable_line(), public_url="https://bot.example.jp")
    return Desk(context, clock, *make_staff(context, "ito", Role.ADMIN))


@pytest.fixture
def sato(desk: Desk) -> Resident:
    return Resident(desk.context, "sato", TUESDAY_NOON, count())


# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_session_ends_after_a_quarter_of_an_hour_in_which_nobody_did_anything(desk: Desk) -> None:
    token = desk.enters()
    desk.clock.now += 15 * MINUTE
    assert signed_in(desk.context, token, acts=False) == desk.ito
    assert signed_in(desk.context, token) == desk.ito, "and this was something"
    desk.clock.now += 15 * MINUTE
    assert signed_in(desk.context, token, acts=False) == desk.ito
    desk.clock.now += SECOND
    assert signed_in(desk.context, token) is None
    assert signed_in(desk.context, token) is None, "it does not begin again"


def test_a_session_ends_after_twelve_hours_whatever_is_done(desk: Desk) -> None:
    token = desk.enters()
    for _ in range(72):
        desk.clock.now += 10 * MINUTE
        assert signed_in(desk.context, token) == desk.ito
    desk.clock.now += SECOND
    assert signed_in(desk.context, token) is None


def test_a_token_nobody_was_given_opens_nothing(desk: Desk) -> None:
    token = desk.enters()
    assert [signed_in(desk.context, each) for each in ("", "guess", hashed(token), token + "x")] == [None] * 4


# --- codes and failures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_half_a_minute_before_and_after(desk: Desk, steps: int, *, opens: bool) -> None:
    code = code_at(desk.credentials, desk.clock.now + steps * STEP_SECONDS * SECOND)
    if opens:
        assert desk.enters(code)
    else:
        with pytest.raises(SignInError):
            desk.enters(code)


def test_after_a_code_neither_it_nor_an_older_one_opens(desk: Desk) -> None:
    old, now, new = (code_at(desk.credentials, desk.clock.now + step * STEP_SECONDS * SECOND) for step in (-1, 0, 1))
    assert desk.enters(now)
    for code in (now, old):
        with pytest.raises(SignInError):
            desk.enters(code)
    assert desk.enters(new)
    with pytest.raises(SignInError):
        desk.enters(now)


def test_a_code_is_of_no_use_with_a_wrong_password_and_is_not_used_up_by_it(desk: Desk) -> None:
    code, spare = code_at(desk.credentials, desk.clock.now), desk.credentials.recovery_codes[0]
    for each in (code, spare):
        with pytest.raises(SignInError):
            desk.enters(each, password="wrong")  # noqa: S106 -- that is the point
    assert desk.enters(code)
    assert desk.enters(spare)
    with pytest.raises(SignInError):
        desk.enters(spare)


def test_who_fails_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.fails(5)
    waits = []
    for _ in range(7):
        waits.append(desk.waits())
        desk.clock.now += waits[-1] - SECOND
        assert desk.waits() == SECOND, "who tries meanwhile waits no longer, and no less"
        desk.clock.now += SECOND
        desk.fails(1)
    assert waits == [each * SECOND for each in (30, 60, 120, 240, 480, 900, 900)]
    desk.clock.now += 900 * SECOND
    assert desk.enters(), "to the second"
    desk.fails(5)
    assert desk.waits() == 30 * SECOND, "who was right begins anew"


def test_failures_are_forgotten_after_a_day(desk: Desk) -> None:
    desk.fails(4)
    desk.clock.now += DAY
    desk.fails(1)
    assert desk.waits() == 30 * SECOND
    desk.clock.now += DAY + SECOND
    desk.fails(5)
    assert desk.waits() == 30 * SECOND


def test_who_knows_a_login_keeps_its_owner_out_for_a_minute_at_most(desk: Desk) -> None:
    for number in range(25):
        desk.clock.now += 2 * MINUTE
        desk.fails(1, source=f"attacker {number}")
    assert desk.waits("office") == MINUTE
    desk.clock.now += MINUTE
    assert desk.enters(source="office")


def test_a_pairing_code_is_good_for_a_quarter_of_an_hour(desk: Desk) -> None:
    code = hashed(offer(desk.context, desk.ito, "line", for_group=True))

    def found() -> bool:
        with desk.context.store.reading() as connection:
            return find_offer(connection, "line", code, desk.clock.now) is not None

    desk.clock.now += 15 * MINUTE - SECOND
    assert found()
    assert len(read_chats(desk.context, desk.ito).chats) == 1
    desk.clock.now += SECOND
    assert not found()
    assert read_chats(desk.context, desk.ito).chats == ()


def test_a_private_page_opens_for_a_day(desk: Desk) -> None:
    message = Inbound("line", "lane", "1", "人と話したい", TUESDAY_NOON, address="U1", goes_out=True)
    receive(desk.context, [message], TUESDAY_NOON)
    with desk.context.store.reading() as connection:
        resident = find_resident(connection, "line", "lane")
        assert resident
        (said,) = read_exchanges(connection, desk.context.keys, resident, TUESDAY_NOON - DAY, 10)
    token = re.findall(r"/private/([\w-]+)", said.replies[0].text)[0]
    desk.clock.now += DAY - SECOND
    assert is_page_there(desk.context, token)
    desk.clock.now += SECOND
    assert not is_page_there(desk.context, token)


def test_a_code_for_another_device_is_good_for_thirty_days(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    number, early = offer_code(desk.context, "sato")
    desk.clock.now += 30 * DAY - SECOND
    link_device(desk.context, "tablet", number, early, "home")
    _, late = offer_code(desk.context, "sato")
    desk.clock.now += 30 * DAY
    with pytest.raises(WrongCodeError):
        link_device(desk.context, "phone", number, late, "home")


def test_a_new_code_for_another_device_ends_the_one_before(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    number, first = offer_code(desk.context, "sato")
    _, second = offer_code(desk.context, "sato")
    with pytest.raises(WrongCodeError):
        link_device(desk.context, "phone", number, first, "home")
    link_device(desk.context, "phone", number, second, "home")


# --- what is kept ------------------------------------------------------------------------------------------------


def test_a_talk_is_kept_thirty_days_to_the_second(desk: Desk, sato: Resident) -> None:
    sato.says("雪かきができない", after=timedelta())
    assert purge_kept(desk.context.store, Retention(), TUESDAY_NOON + 30 * DAY) == Purged(0, 0, 0, 0)
    assert purge_kept(desk.context.store, Retention(), TUESDAY_NOON + 30 * DAY + SECOND) == Purged(1, 0, 1, 0)


def test_a_case_keeps_its_words_a_year_after_its_end(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい", after=timedelta())
    with desk.context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    assert purge_kept(desk.context.store, Retention(), TUESDAY_NOON + 400 * DAY).cases == 0, "it is open"
    desk.clock.now += 400 * DAY
    claim(desk.context, desk.ito, case.id)
    close(desk.context, desk.ito, case.id, Reason.DONE)
    ended = desk.clock.now
    assert purge_kept(desk.context.store, Retention(), ended + 365 * DAY).cases == 0
    assert purge_kept(desk.context.store, Retention(), ended + 365 * DAY + SECOND).cases == 1
    with desk.context.store.reading() as connection:
        assert [each.status for each in list_cases(connection, open_only=False)] == [Status.CLOSED]


@pytest.mark.parametrize(("days", "same"), [(7 * DAY, True), (7 * DAY + SECOND, False)])
def test_who_comes_back_within_a_week_goes_on_with_the_case(
    desk: Desk, sato: Resident, days: timedelta, *, same: bool
) -> None:
    sato.says("人と話したい", after=timedelta())
    with desk.context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    close(desk.context, desk.ito, case.id, Reason.DONE)
    sato.says("人と話したい", after=days)
    with desk.context.store.reading() as connection:
        assert (len(list_cases(connection, open_only=False)) == 1) == same
