"""A resident on LINE, staff in a Telegram group: an SOS from first word to last, with either platform failing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.channels.line.line_channel import LineChannel
from bot.channels.line.line_sender import LineSender
from bot.channels.line.line_tokens import AccessTokens
from bot.channels.telegram.telegram_sender import SECONDS
from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.cases.case_actions import StaffAnswer, answer, close
from bot.handlers.staff.chat_pairing import confirm, offer, read_chats
from bot.handlers.staff.duty_settings import save_duty_people
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from tests.support.contexts import context_of
from tests.support.line.line_bot import LineBot, ShiftedClock, wait_until
from tests.support.line.line_residents import SECRET as LINE_SECRET
from tests.support.line.line_residents import user
from tests.support.line.line_server import CHANNEL_ID, LONG_LIVED, Fault, LineServer
from tests.support.staff.desk_staff import make_staff
from tests.support.telegram.telegram_bot import running_telegram, telegram_context
from tests.support.telegram.telegram_residents import press
from tests.support.telegram.telegram_server import Fault as TelegramFault
from tests.support.telegram.telegram_server import Taken, TelegramServer
from tests.support.telegram.telegram_staff import PLACE, TelegramStaff


@dataclass
class Town:
    """Both platforms, the residents on LINE and the staff on Telegram."""

    residents: LineBot
    line: LineServer
    room: TelegramStaff
    telegram: TelegramServer

    def fail(self, platform: str, *, away: bool) -> None:
        """One platform goes away, or comes back."""
        if platform == "telegram":
            self.telegram.away = away
        elif platform == "line":
            self.line.fail_often(1.0 if away else 0.0, [Fault.DROP_BEFORE])

    def passes(self, minutes: int) -> None:
        """Time goes by, in steps in which clocks may ring."""
        for _ in range(minutes // 5):
            self.room.bot.clock.ahead += timedelta(minutes=5)
            self.line.later(300)
            time.sleep(0.3)


@pytest.fixture
def town(sqlite_store: Store, keys: Keyring, understander: Understander) -> Iterator[Town]:
    clock = ShiftedClock()
    context = context_of(sqlite_store, keys, understander, staff_channels=frozenset({"line", "telegram"}))
    with LineServer() as line, TelegramServer() as telegram:
        tokens = AccessTokens(line.url, CHANNEL_ID, SecretStr(LINE_SECRET), SecretStr(LONG_LIVED))
        channels = {"line": LineChannel(LineSender(line.url, tokens))}
        context = replace(telegram_context(context, telegram, clock, channels), base_url="https://bot.example.jp")
        with running_telegram(context, telegram, clock) as bot:
            room = TelegramStaff(bot, make_staff(context, "chief", Role.ADMIN)[0])
            yield Town(LineBot(context, line, clock, bot.url), line, room, telegram)
    assert line.broken_rules + telegram.broken_rules == []


@pytest.mark.parametrize("platform", ["none", "line", "telegram"])
def test_the_way_of_an_sos_with_a_platform_failing_for_an_hour(town: Town, platform: str) -> None:
    room, residents = town.room, town.residents
    sato = room.make_staff("sato")
    room.pair(sato, "sato-phone")
    room.pair(room.admin, "chief-phone", PLACE)
    town.fail(platform, away=True)
    residents.hears("もう死にたい", "resident")
    wait_until(lambda: len(residents.cases()) == 1)
    number = f"{room.case().number[:3]}-{room.case().number[3:]}"
    town.passes(60)
    assert room.case().is_watched
    town.fail(platform, away=False)
    # The clocks of both servers stand where the hour has left them; what waited goes out by itself.
    town.passes(10)
    wait_until(lambda: any(number in each.words for each in town.line.taken), 40)
    wait_until(lambda: any(number in each.text and each.buttons for each in town.telegram.to(PLACE)), 40)
    told = [each for each in town.telegram.to(PLACE) if number in each.text][-1]
    pressed = press(f"claim:{room.case().id}", "sato-phone", PLACE, told.id)
    room.bot.gets(pressed)
    wait_until(lambda: room.case().owner == sato.id)
    town.fail(platform, away=True)
    answer(room.context, sato, room.case().id, StaffAnswer("読みました。いま、安全な所にいますか"))
    town.passes(60)
    town.fail(platform, away=False)
    town.passes(10)
    wait_until(lambda: any("安全な所にいますか" in each.words for each in town.line.taken), 40)
    close(room.context, sato, room.case().id, Reason.DONE)
    wait_until(lambda: any("対応は、ここまでです" in each.words for each in town.line.taken), 40)
    wait_until(lambda: all("終わりました" in each.text for each in _about(town, number)), 40)
    assert room.case().status is Status.CLOSED
    wait_until(lambda: residents.deliveries().keys() <= {"accepted", "in-doubt"}, 40)
    assert room.bot.aside() == 0
    town.passes(10)
    wait_until(lambda: {state for _, state in room.states()} <= {"accepted", "spared"}, 40)
    assert "もう死にたい" not in "".join(each.words for each in town.telegram.taken)


def _about(town: Town, number: str) -> list[Taken]:
    return [each for each in town.telegram.to(PLACE) if number in each.text and "さんが" not in each.text]


def test_a_telegram_that_hangs_does_not_hold_up_notices_on_line(town: Town) -> None:
    room = town.room
    ito = room.make_staff("ito")
    room.pair(room.admin, "chief-phone", PLACE)
    code = offer(room.context, ito, "line", for_group=False)
    town.residents.hears(f"職員 {code}", "ito-phone")
    wait_until(lambda: any(each.state == "written" for each in read_chats(room.context, ito).chats))
    (chat,) = read_chats(room.context, ito).chats
    confirm(room.context, ito, chat.id)
    save_duty_people(room.context, room.admin, [DutyPerson(ito.id, frozenset(WEEKDAYS), on_call=True)])
    town.telegram.slow_seconds = 12
    town.telegram.fail(*[TelegramFault.SLOW] * 4)
    begun = time.monotonic()
    town.residents.hears("もう死にたい", "resident")
    wait_until(lambda: any("【緊急】" in each.words and each.to == user("ito-phone") for each in town.line.taken))
    town.residents.hears("火事です。煙が出ています", "another resident")
    wait_until(lambda: len([each for each in town.line.taken if "【緊急】" in each.words]) == 2)
    assert time.monotonic() - begun < SECONDS, "the second one came while the first hangs on Telegram"


def test_telegram_down_does_not_slow_line(town: Town) -> None:
    town.residents.answer("雪かきができない", "warm-up")
    town.telegram.away = True
    for number in range(20):
        town.room.bot.hears("もう死にたい", f"on telegram {number}")
    begun = time.monotonic()
    assert "施策13" in town.residents.answer("雪かきができない", "on line").words
    assert time.monotonic() - begun < 8
    town.telegram.away = False
