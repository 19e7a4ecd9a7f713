"""Whatever comes in whatever order: every open case is watched, and nothing that was written is lost."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.line.line_events import lane_of
from bot.channels.line.line_webhook import read_body
from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import OPEN_STATUSES, NotPossibleError, Reason, Status
from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.delivery.delivery_rules import Outcome, SendResult
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import NotAllowedError, Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import (
    StaffAnswer,
    TakenError,
    answer,
    claim,
    close,
    hand_over,
    note,
    release,
    reopen,
)
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.delivery.deliver import next_attempts, write_outcome
from bot.handlers.inbox.process_events import process_lane
from bot.handlers.inbox.store_events import store_events
from bot.handlers.staff.duty_settings import save_duty_people
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.stored_replies import open_reply
from bot.storage.inbox.inbox_rows import Lane
from bot.storage.schema.residents_and_cases import inbound, outbound
from bot.storage.sealing import SealedField
from bot.storage.staff.audit_rows import broken_link
from tests.support.line.line_bot import unreachable_line
from tests.support.line.line_residents import body_of, event, text_event, user
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import make_staff

DANGERS = ("もう死にたい", "家が燃えている")
SAID = (
    *DANGERS, "人と話したい", "雪かきができない", "ありがとう", "お金がなくて食べていない", "しに", "たい", "取り消す",
    "ボットに戻る", "家族です", "まだですか", "困りごとの一覧", "電話番号は？",
)  # fmt: skip
WAITS = (timedelta(seconds=5), timedelta(minutes=6), timedelta(minutes=40), timedelta(hours=9), timedelta(days=4))


@dataclass
class World:
    """A bot with residents and staff, what was written, and a clock that only goes on."""

    context: AppContext
    chance: random.Random
    clock: ManualClock
    staff: list[Staff] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    """Words by the platform's id of their message."""
    unsent: set[str] = field(default_factory=set)
    answered: list[str] = field(default_factory=list)

    def gets(self, posted: dict[str, Any], who: str) -> None:
        """An event comes in and is handled."""
        self.clock.now += timedelta(seconds=1)
        posted["timestamp"] = int(self.clock().timestamp() * 1000)
        store_events(self.context, "line", read_body(body_of(posted), self.clock()))
        lane = Lane("line", lane_of(who))
        while process_lane(self.context, lane) is not None:
            pass

    # --- what can happen --------------------------------------------------------------------------------------

    def message(self) -> None:
        who = self._somebody()
        posted = text_event(self.chance.choice(SAID), who, f"{self.chance.randrange(10**12):012}")
        self.written[posted["message"]["id"]] = posted["message"]["text"]
        self.gets(posted, who)

    def unsend(self) -> None:
        if self.written:
            message = self.chance.choice(list(self.written))
            self.unsent.add(message)
            for who in map(user, "abc"):
                self.gets(event("unsend", who, unsend={"messageId": message}), who)

    def follow(self) -> None:
        who = self._somebody()
        self.gets(event("follow", who, f"{self.chance.randrange(10**12):012}", follow={"isUnblocked": True}), who)

    def block(self) -> None:
        who = self._somebody()
        self.gets(event("unfollow", who), who)

    def claim(self) -> None:
        self._on_case(lambda staff, case: claim(self.context, staff, case.id))

    def reply(self) -> None:
        words = f"返事{len(self.answered)}"

        def write(staff: Staff, case: Case) -> None:
            answer(self.context, staff, case.id, StaffAnswer(words))
            self.answered.append(words)

        self._on_case(write)

    def note(self) -> None:
        self._on_case(lambda staff, case: note(self.context, staff, case.id, "メモ"))

    def hand_over(self) -> None:
        self._on_case(
            lambda staff, case: hand_over(self.context, staff, case.id, self.chance.choice(self.staff).id, "")
        )

    def release(self) -> None:
        self._on_case(lambda staff, case: release(self.context, staff, case.id))

    def close(self) -> None:
        reason = self.chance.choice((Reason.DONE, Reason.FALSE_ALARM, Reason.NO_ANSWER))
        self._on_case(lambda staff, case: close(self.context, staff, case.id, reason))

    def reopen(self) -> None:
        self._on_case(lambda staff, case: reopen(self.context, staff, case.id))

    def wait(self) -> None:
        self.clock.now += self.chance.choice(WAITS)

    def deliver(self) -> None:
        for attempt in next_attempts(self.context, "line", 20):
            outcome = self.chance.choice((Outcome.ACCEPTED, Outcome.UNCERTAIN, Outcome.LATER, Outcome.BLOCKED))
            write_outcome(self.context, "line", attempt, SendResult(outcome))

    # --- what must hold ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every open case has an owner within lease or a future alarm, and no resident has two."""
        while run_case_timers(self.context):
            pass
        cases = self.cases()
        assert [each for each in cases if not each.is_watched] == []
        for each in cases:
            ahead = {Status.WAITING: each.alarm_at, Status.CLAIMED: each.lease_until}.get(each.status)
            assert each.status not in OPEN_STATUSES or (ahead is not None and ahead > self.clock())
        residents = [each.resident for each in cases if each.status in OPEN_STATUSES]
        assert len(residents) == len(set(residents))

    def check_nothing_lost(self) -> None:
        """Every word is kept once, those in danger in a case; every answer of staff stands with its state."""
        keys = self.context.keys
        with self.context.store.reading() as connection:
            rows = connection.execute(select(inbound).where(inbound.c.kind == "text")).all()
            said = connection.execute(select(outbound).where(outbound.c.author != "")).all()
            assert broken_link(connection) == 0
        kept = {
            row.message: (keys.open(SealedField("inbound", row.id, "words"), row.words), row.case_id) for row in rows
        }
        assert {message: words for message, (words, _) in kept.items()} == {
            message: "" if message in self.unsent else words for message, words in self.written.items()
        }
        dangers = {message for message, words in self.written.items() if words in DANGERS}
        assert [message for message in dangers if kept[message][1] is None] == []
        assert sorted(open_reply(keys, row.id, row.reply).body[0] for row in said) == sorted(self.answered)

    def cases(self) -> list[Case]:
        with self.context.store.reading() as connection:
            return list_cases(connection, open_only=False)

    def _somebody(self) -> str:
        return user(self.chance.choice("abc"))

    def _on_case(self, do: Callable[[Staff, Case], object]) -> None:
        """A member of staff tries something on a case; what is not allowed or too late changes nothing."""
        cases = self.cases()
        if not cases:
            return
        before = self.chance.choice(cases)
        self.clock.now += timedelta(seconds=1)
        staff = next((each for each in self.staff if each.id == before.owner), self.chance.choice(self.staff))
        if self.chance.random() < 0.2:
            staff = self.chance.choice(self.staff)
        try:
            do(staff, before)
        except (NotPossibleError, NotAllowedError, TakenError):
            assert before in self.cases()


STEPS = ("message", "message", "message", "claim", "claim", "reply", "reply", "unsend", "follow", "block", "close",
         "reopen", "wait", "wait", "deliver", "note", "hand_over", "release")  # fmt: skip


def world(context: AppContext, seed: int) -> World:
    """A new world; its clock is its own."""
    clock = ManualClock(TUESDAY_NOON)
    context = replace(
        context, clock=clock, staff_channels=frozenset({"mail", "line"}), channels=unreachable_line(),
        reply_pause=timedelta(), public_url="https://bot.example.jp",
    )  # fmt: skip
    staff = [make_staff(context, name, mail=f"{name}@city.example")[0] for name in "pqr"]
    admin, _ = make_staff(context, "chief", Role.ADMIN)
    days = frozenset(WEEKDAYS)
    save_duty_people(context, admin, [DutyPerson(each.id, days, on_call=bool(seed % 2)) for each in staff])
    return World(context, random.Random(seed), clock, staff)  # noqa: S311 -- an order, no secret


def live(context: AppContext, seed: int, steps: int) -> World:
    """So many random steps; what must hold is looked at after each."""
    made = world(context, seed)
    for _ in range(steps):
        getattr(made, made.chance.choice(STEPS))()
        made.check()
    made.check_nothing_lost()
    return made


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_what_happens(context: AppContext, seed: int) -> None:
    assert live(context, seed, 40).written


@pytest.mark.full
@pytest.mark.parametrize("seed", range(300))
def test_three_hundred_orders_of_fifty_steps(context: AppContext, seed: int) -> None:
    assert live(context, 1000 + seed, 50).written
