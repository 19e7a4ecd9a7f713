"""A case: somebody's trouble in the hands of the consultation desk. One table says what may happen in which status."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.domain.duty_roster import DutyRoster
from bot.domain.messages import Route
from bot.domain.triage import Kind


class Status(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody looks after it now."""
    CLAIMED = "claimed"
    """One member of staff looks after it, until the lease ends."""
    CLOSED = "closed"
    CANCELLED = "cancelled"
    """The resident took it back."""


class Action(StrEnum):
    """What can happen to a case."""

    OPEN = "open"
    ADD = "add"
    RAISE = "raise"
    CANCEL = "cancel"
    CLAIM = "claim"
    REPLY = "reply"
    NOTE = "note"
    HAND_OVER = "hand-over"
    RELEASE = "release"
    LAPSE = "lapse"
    """The owner did not answer in time."""
    ALARM = "alarm"
    """Nobody has taken it, and somebody is told again."""
    RETURN = "return"
    """The resident wants the bot to answer again."""
    CLOSE = "close"
    REOPEN = "reopen"


_W, _C, _CLOSED, _CANCELLED = Status.WAITING, Status.CLAIMED, Status.CLOSED, Status.CANCELLED
TRANSITIONS: Mapping[tuple[Status | None, Action], Status] = MappingProxyType(
    {
        (None, Action.OPEN): _W,
        (_W, Action.ADD): _W,
        (_W, Action.RAISE): _W,
        (_W, Action.CANCEL): _CANCELLED,
        (_W, Action.CLAIM): _C,
        (_W, Action.NOTE): _W,
        (_W, Action.ALARM): _W,
        (_W, Action.CLOSE): _CLOSED,
        (_C, Action.ADD): _C,
        (_C, Action.RAISE): _C,
        (_C, Action.CANCEL): _CANCELLED,
        (_C, Action.REPLY): _C,
        (_C, Action.NOTE): _C,
        (_C, Action.HAND_OVER): _C,
        (_C, Action.RELEASE): _W,
        (_C, Action.LAPSE): _W,
        (_C, Action.RETURN): _C,
        (_C, Action.CLOSE): _CLOSED,
        (_CLOSED, Action.NOTE): _CLOSED,
        (_CLOSED, Action.REOPEN): _W,
        (_CANCELLED, Action.NOTE): _CANCELLED,
        (_CANCELLED, Action.REOPEN): _W,
    }
)
OPEN_STATUSES = frozenset({Status.WAITING, Status.CLAIMED})
DANGER_LASTS = timedelta(hours=1)
ALARM_WAITS = (timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15), timedelta(minutes=30))
"""From one alarm to the next: 5, 15 and 30 minutes after the case came, then every half hour."""
ANSWER_WITHIN = timedelta(minutes=30)
"""Duty time that an owner has for the next answer; an emergency's owner has a third of it, by the clock."""
REST_WITHIN = timedelta(days=3)
"""How long a case may rest with an owner who has answered everything."""


class Reason(StrEnum):
    """Why a case was closed."""

    DONE = "done"
    PASSED_ON = "passed-on"
    """Another office looks after it."""
    NO_ANSWER = "no-answer"
    FALSE_ALARM = "false-alarm"
    PRANK = "prank"
    DRILL = "drill"


class NotPossibleError(Exception):
    """This cannot happen to a case in this status."""


@dataclass(frozen=True)
class CaseWish:
    """What a step of the talk wants to happen with the resident's case."""

    kind: Kind
    urgency: Route


@dataclass(frozen=True)
class Arrived:
    """When a message came, from whom, and from which address."""

    moment: datetime
    resident: str
    source: str


@dataclass(frozen=True)
class Case:
    """One case as stored. `urgency` is the route that opened or raised it: emergency or desk.

    Open, it has an owner until `lease_until`, or an alarm at `alarm_at`. `unanswered_since`: the oldest message of the
    resident that staff have not answered. `bot_answers`: the resident went back to the bot.
    """

    id: str
    number: str
    resident: str
    kind: Kind
    urgency: Route
    status: Status
    source: str
    opened_at: datetime
    changed_at: datetime
    owner: str = ""
    lease_until: datetime | None = None
    alarm_at: datetime | None = None
    alarms: int = 0
    unanswered_since: datetime | None = None
    first_answer_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str = ""
    told_at: datetime | None = None
    """When the bot last said the numbers to call while staff had the case."""
    bot_answers: bool = False
    is_drill: bool = False

    def is_danger_at(self, now: datetime) -> bool:
        """Whether the resident wrote of danger within the last hour: a picture that comes now belongs to it."""
        return self.urgency is Route.EMERGENCY and now - self.changed_at <= DANGER_LASTS

    @property
    def is_watched(self) -> bool:
        """The invariant: an open case has an owner within a lease, or an alarm to come."""
        if self.status is Status.WAITING:
            return self.alarm_at is not None and not self.owner
        if self.status is Status.CLAIMED:
            return bool(self.owner) and self.lease_until is not None
        return self.alarm_at is None and self.lease_until is None

    @property
    def staff_answer(self) -> bool:
        """Whether the bot is silent because staff have the case."""
        return self.status is Status.CLAIMED and not self.bot_answers


def next_status(status: Status | None, action: Action) -> Status:
    """Where the action leads. Raises NotPossibleError."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        message = f"a case that is {status} cannot {action}"
        raise NotPossibleError(message) from None


def opened(case_id: str, number: str, wish: CaseWish, at: Arrived, roster: DutyRoster) -> Case:
    """A new case, waiting, with its first alarm to come."""
    status = next_status(None, Action.OPEN)
    case = Case(case_id, number, at.resident, wish.kind, wish.urgency, status, at.source, at.moment, at.moment)
    return _waiting(replace(case, unanswered_since=at.moment), at.moment, roster)


def cancelled(case: Case, now: datetime) -> Case:
    """The case that its resident took back."""
    return _ended(replace(case, status=next_status(case.status, Action.CANCEL)), now)


def after_message(case: Case, wish: CaseWish | None, now: datetime, roster: DutyRoster) -> tuple[Action, Case]:
    """The case after a further message of its resident, which may make it more urgent. Raises NotPossibleError."""
    action = Action.RAISE if wish and _is_raised(case, wish) else Action.ADD
    changed = replace(
        case,
        status=next_status(case.status, action),
        changed_at=now,
        unanswered_since=case.unanswered_since or now,
        kind=wish.kind if wish and action is Action.RAISE else case.kind,
        urgency=wish.urgency if wish and action is Action.RAISE else case.urgency,
    )
    if changed.status is Status.WAITING:
        return action, _waiting(changed, now, roster) if action is Action.RAISE else changed
    answer_by = _answer_by(changed, now, roster)
    return action, replace(changed, lease_until=min(answer_by, changed.lease_until or answer_by))


def claimed(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    """The case in the hands of `owner`. Raises NotPossibleError where somebody has it."""
    taken = replace(case, status=next_status(case.status, Action.CLAIM), changed_at=now)
    return _owned(taken, owner, now, roster)


def handed_over(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    """The case in the hands of somebody else."""
    return _owned(replace(case, status=next_status(case.status, Action.HAND_OVER), changed_at=now), owner, now, roster)


def answered(case: Case, now: datetime) -> Case:
    """The case after an answer of its owner: nothing waits, and it may rest."""
    return replace(
        case,
        status=next_status(case.status, Action.REPLY),
        changed_at=now,
        unanswered_since=None,
        bot_answers=False,
        first_answer_at=case.first_answer_at or now,
        lease_until=now + REST_WITHIN,
    )


def noted(case: Case, now: datetime) -> Case:
    """The case after a note, which moves no clock."""
    return replace(case, status=next_status(case.status, Action.NOTE), changed_at=now)


def put_back(case: Case, action: Action, now: datetime, roster: DutyRoster) -> Case:
    """The case back in the queue: released, lapsed or opened again. Raises NotPossibleError."""
    back = replace(case, status=next_status(case.status, action), changed_at=now, closed_at=None, reason="", alarms=0)
    back = replace(back, unanswered_since=back.unanswered_since or now, bot_answers=False)
    return _waiting(replace(back, owner="", lease_until=None), now, roster)


def alarmed(case: Case, now: datetime, roster: DutyRoster) -> Case:
    """The waiting case after somebody was told again: one alarm more, and the next one to come."""
    told = replace(case, status=next_status(case.status, Action.ALARM), alarms=case.alarms + 1)
    return _waiting(told, now, roster)


def returned(case: Case, now: datetime) -> Case:
    """The case whose resident talks with the bot again; its owner keeps it."""
    return replace(case, status=next_status(case.status, Action.RETURN), changed_at=now, bot_answers=True)


def closed(case: Case, reason: Reason, now: datetime) -> Case:
    """The case at its end."""
    done = replace(case, status=next_status(case.status, Action.CLOSE), reason=reason)
    return _ended(done, now)


def shown_number(number: str) -> str:
    """Six digits as people read them out: `482-915`."""
    return f"{number[:3]}-{number[3:]}"


def _waiting(case: Case, now: datetime, roster: DutyRoster) -> Case:
    wait = ALARM_WAITS[min(case.alarms, len(ALARM_WAITS) - 1)]
    urgent = case.urgency is Route.EMERGENCY
    return replace(case, alarm_at=roster.first_alarm(now, wait, is_emergency=urgent))


def _owned(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    due = _answer_by(case, now, roster) if case.unanswered_since else now + REST_WITHIN
    return replace(case, owner=owner, lease_until=due, alarm_at=None, alarms=0)


def _answer_by(case: Case, now: datetime, roster: DutyRoster) -> datetime:
    if case.urgency is Route.EMERGENCY:
        return now + ANSWER_WITHIN / 3
    return roster.after_duty_time(now, ANSWER_WITHIN)


def _ended(case: Case, now: datetime) -> Case:
    return replace(
        case, changed_at=now, closed_at=now, alarm_at=None, lease_until=None, unanswered_since=None, bot_answers=False
    )


def _is_raised(case: Case, wish: CaseWish) -> bool:
    if wish.urgency != case.urgency:
        return wish.urgency is Route.EMERGENCY
    order = list(Kind)
    return order.index(wish.kind) < order.index(case.kind)
