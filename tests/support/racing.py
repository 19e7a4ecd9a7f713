"""Two things that happen to one resident and one case at the same moment, through the real handlers."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, update

from bot.channels.line.line_events import lane_of
from bot.channels.line.line_webhook import read_body
from bot.domain.cases.case import Arrived, Case, CaseWish, claimed, closed, opened
from bot.domain.cases.case_transitions import OPEN_STATUSES, CaseAction, NotPossibleError, Reason, Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.delivery.delivery_rules import OPEN_STATES, Outcome, SendResult
from bot.domain.messages import Inbound, Reply, Route
from bot.domain.opening_hours import OpeningHours
from bot.domain.staff.permissions import NotAllowedError, Staff
from bot.domain.understanding.kinds import KindId
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, TakenError, answer, claim, close, hand_over
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.conversation.receive_message import receive
from bot.handlers.delivery.deliver import next_attempts, write_outcome
from bot.handlers.inbox.process_events import process_lane
from bot.handlers.inbox.store_events import store_events
from bot.handlers.operations.purge import NotPurgedError, purge_kept, purge_resident
from bot.storage.cases.case_rows import CaseChange, change_case, free_number, open_case
from bot.storage.conversation.message_rows import Filed, add_inbound
from bot.storage.conversation.resident_rows import lock_resident, store_address
from bot.storage.delivery.outbox_rows import OutboundAnswer, add_outbound
from bot.storage.engine import Result, Store, Work
from bot.storage.inbox.inbox_rows import Lane
from bot.storage.schema.residents_and_cases import cases, outbound
from bot.storage.staff.audit_rows import CLOCK
from tests.support.line.line_residents import body_of, event, user
from tests.support.manual_clock import ManualClock

EXPECTED = (NotPossibleError, NotAllowedError, TakenError, NotPurgedError)
"""What a handler answers to whoever was too late."""
LONG_AGO = timedelta(days=400)
"""After it a case that has ended is purged."""
OVERDUE = timedelta(days=10)
"""After it an alarm and a lease have come."""
_PATIENCE = 30
_numbers = count(1)


class Gate:
    """Holds one transaction of each of two threads until the other one is there too, and notes when they ran."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self._barrier = threading.Barrier(2)
        self._mine = threading.local()

    def expect(self, earlier: int) -> None:
        """This thread comes to the gate with the transaction that follows so many."""
        self._mine.left = earlier

    def runs(self, transact: Callable[[], Result]) -> Result:
        """The transaction, held if it is the one."""
        left = getattr(self._mine, "left", None)
        if left is not None:
            self._mine.left = left - 1
        if left != 0:
            return transact()
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(_PATIENCE)
        begun = time.monotonic()
        try:
            return transact()
        finally:
            self.spans.append((begun, time.monotonic()))

    def leave(self) -> None:
        """This thread is done: where it has not come to the gate, nobody waits for it."""
        if self._mine.left >= 0:
            self._barrier.abort()

    @property
    def was_race(self) -> bool:
        """Whether both transactions had begun before either ended."""
        return len(self.spans) == 2 and max(begun for begun, _ in self.spans) < min(ended for _, ended in self.spans)


class GatedStore(Store):
    """A real database whose transactions come to a gate while there is one."""

    gate: Gate | None = None

    def __init__(self, opened: Store) -> None:
        """In place of that one."""
        super().__init__(opened.writer, opened.writer.execution_options(isolation_level="REPEATABLE READ"))

    def transaction(self, work: Work[Result], *, first: bool = False) -> Result:
        """As the store itself, past the gate."""
        gate = self.gate
        if gate is None:
            return super().transaction(work, first=first)
        return gate.runs(lambda: super(GatedStore, self).transaction(work, first=first))


@dataclass
class Scene:
    """One resident, with one case and one reply on its way, and what was done to them."""

    number: int
    case: Case
    message: str
    said: list[str] = field(default_factory=list)
    """Events of the messages whose receiving returned."""
    answers: list[str] = field(default_factory=list)
    """Words of the answers that were accepted."""
    erased: bool = False
    """The words that were there before were taken back or purged."""
    attempts: list[str] = field(default_factory=list)
    """The ids of what was sent."""

    @property
    def address(self) -> str:
        """The resident's id on LINE."""
        return user(f"resident-{self.number}")

    @property
    def lane(self) -> Lane:
        """Where their events wait."""
        return Lane("line", lane_of(self.address))


@dataclass(frozen=True)
class Act:
    """What one thread does. `prepares` before both begin; `earlier`: its transactions before the one that races."""

    does: Callable[["Arena", Scene, int], None]
    prepares: Callable[["Arena", Scene], None] = lambda _arena, _scene: None
    earlier: int = 0


@dataclass
class Arena:
    """A bot on PostgreSQL with two members of staff."""

    context: AppContext
    store: GatedStore
    clock: ManualClock
    owner: Staff
    other: Staff

    def scene(self, status: Status, age: timedelta) -> Scene:
        """A resident of their own, with a case of that status and age."""
        self.clock.now += timedelta(seconds=1)
        number = next(_numbers)
        return self.store.transaction(lambda connection: self._scene(connection, number, status, self.clock.now - age))

    def _scene(self, connection: Connection, number: int, status: Status, at: datetime) -> Scene:
        keys, roster, message = self.context.keys, DutyRoster(OpeningHours()), f"9{number:09}"
        address = user(f"resident-{number}")
        resident = lock_resident(connection, "line", lane_of(address), at)
        store_address(connection, keys, resident, address)
        wish = CaseWish(KindId("person"), Route.DESK)
        case = opened(f"{number:032}", free_number(connection), wish, Arrived(at, resident, ""), roster)
        open_case(connection, keys, case)
        said = Inbound("line", lane_of(address), message, "人と話したい", at, message=message)
        row = add_inbound(connection, keys, resident, said, Filed(case.id, heard=True))
        reply = OutboundAnswer(resident, row, Reply(Route.DESK, ("はい",)), at, "line", due_at=self.clock.now)
        add_outbound(connection, keys, reply)
        for after, action in self._until(case, status, at, roster):
            change_case(connection, keys, case, after, CaseChange(action, CLOCK))
            case = after
        return Scene(number, case, message)

    def _until(self, case: Case, status: Status, at: datetime, roster: DutyRoster) -> list[tuple[Case, CaseAction]]:
        if status is Status.WAITING:
            return []
        taken = claimed(case, self.owner.id, at, roster)
        if status is Status.CLAIMED:
            return [(taken, CaseAction.CLAIM)]
        # Its resident has agreed to be asked, so that the clocks have something to do there too.
        return [(taken, CaseAction.CLAIM), (replace(closed(taken, Reason.DONE, at), ask_at=at), CaseAction.CLOSE)]

    def race(self, scene: Scene, acts: tuple[Act, Act]) -> tuple[bool, list[BaseException]]:
        """Both at once; whether it was a race, and what was raised that nobody expects."""
        for act in acts:
            act.prepares(self, scene)
        both_on_lane = all(act.earlier for act in acts)
        gate, faults = Gate(), list[BaseException]()

        def run(act: Act, number: int) -> None:
            gate.expect(0 if both_on_lane else act.earlier)
            try:
                act.does(self, scene, number)
            except EXPECTED:
                pass
            except Exception as error:  # noqa: BLE001 -- the test shows it
                faults.append(error)
            finally:
                gate.leave()

        self.store.gate = gate
        threads = [threading.Thread(target=run, args=(act, number)) for number, act in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.store.gate = None
        return gate.was_race, faults

    def clear(self) -> None:
        """Nothing is open or on its way any more, so that the next race has its case alone."""
        ended = {"status": Status.CLOSED, "owner": "", "alarm_at": None, "lease_until": None}

        def work(connection: Connection) -> None:
            connection.execute(update(cases).where(cases.c.status.in_(OPEN_STATUSES)).values(ended))
            connection.execute(update(cases).where(cases.c.ask_at.is_not(None)).values(ask_at=None))
            connection.execute(update(outbound).where(outbound.c.state.in_(OPEN_STATES)).values(state="accepted"))

        self.store.transaction(work)

    def rows(self, query: Any) -> list[Any]:
        """What stands in the database."""
        with self.store.reading() as connection:
            return list(connection.execute(query).all())


def _message(arena: Arena, scene: Scene, number: int) -> None:
    now, name = arena.clock.now, f"said-{scene.number}-{number}"
    said = Inbound(
        "line", scene.lane.name, name, "もう死にたい", now, message=name, address=scene.address,
        goes_out=True,
    )  # fmt: skip
    receive(arena.context, [said], now)
    scene.said.append(name)


def _claim(arena: Arena, scene: Scene, number: int) -> None:
    claim(arena.context, (arena.owner, arena.other)[number], scene.case.id)


def _answer(arena: Arena, scene: Scene, number: int) -> None:
    words = f"返事{number}"
    answer(arena.context, arena.owner, scene.case.id, StaffAnswer(words))
    scene.answers.append(words)


def _close(arena: Arena, scene: Scene, number: int) -> None:
    close(arena.context, arena.owner, scene.case.id, (Reason.FALSE_ALARM, Reason.DONE)[number])


def _hand_over(arena: Arena, scene: Scene, number: int) -> None:
    hand_over(arena.context, arena.owner, scene.case.id, arena.other.id, f"お願いします{number}")


def _clock(arena: Arena, _scene: Scene, _number: int) -> None:
    run_case_timers(arena.context)


def _purge(arena: Arena, scene: Scene, _number: int) -> None:
    if scene.case.closed_at and arena.clock.now - scene.case.closed_at >= LONG_AGO:
        purge_kept(arena.store, arena.context.content.catalog.retention, arena.clock.now)
    else:
        purge_resident(arena.store, scene.case.number, arena.clock.now)
    scene.erased = True


def _deliver(arena: Arena, scene: Scene, number: int) -> None:
    outcome = (Outcome.BLOCKED, Outcome.ACCEPTED)[(scene.number + number) % 2]
    for attempt in next_attempts(arena.context, "line", 20):
        scene.attempts.append(attempt.delivery.id)
        write_outcome(arena.context, "line", attempt, SendResult(outcome))


def _take_up(arena: Arena, scene: Scene, number: int) -> None:
    # Until nothing is left, or what has failed must wait.
    while process_lane(arena.context, scene.lane, f"worker-{number}") == timedelta():
        pass


def _come(kind: str, **more: Callable[[Scene], object]) -> Callable[[Arena, Scene], None]:
    """What puts an event of LINE into the inbox."""

    def keep_it(arena: Arena, scene: Scene) -> None:
        made: dict[str, Any] = {name: make(scene) for name, make in more.items()}
        posted = event(kind, scene.address, **made)
        posted["timestamp"] = int(arena.clock.now.timestamp() * 1000)
        store_events(arena.context, "line", read_body(body_of(posted), arena.clock.now))

    return keep_it


def _unsend(arena: Arena, scene: Scene, number: int) -> None:
    _take_up(arena, scene, number)
    scene.erased = True


ACTS = {
    "message": Act(_message),
    "claim": Act(_claim),
    "answer": Act(_answer),
    "close": Act(_close),
    "hand-over": Act(_hand_over),
    "unsend": Act(_unsend, _come("unsend", unsend=lambda scene: {"messageId": scene.message}), earlier=1),
    "follow": Act(_take_up, _come("follow", follow=lambda _scene: {"isUnblocked": True}), earlier=1),
    "block": Act(_take_up, _come("unfollow"), earlier=1),
    "clock": Act(_clock),
    "purge": Act(_purge),
    "delivery": Act(_deliver),
}
