"""A resident's case at the consultation desk, and its state after each event."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.cases.case_deadlines import answer_by, next_alarm, rest_until
from bot.domain.cases.case_transitions import OPEN_STATUSES, CaseAction, NotPossibleError, Reason, Status, next_status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, Kinds

DANGER_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class CaseWish:
    """The request of a dialogue step to open or to raise the resident's case."""

    kind: KindId
    urgency: Route


@dataclass(frozen=True)
class Arrived:
    """Time, sender and origin (`Inbound.source`) of a message."""

    moment: datetime
    resident: str
    source: str


@dataclass(frozen=True)
class Case:
    """One case as stored. `urgency`: the route that opened or raised it, emergency or desk.

    While open, it has an owner until `lease_until`, or an alarm at `alarm_at`. `unanswered_since`: time of the
    resident's oldest message that staff have not answered. `bot_answers`: the resident returned to the bot.
    """

    id: str
    number: str
    resident: str
    kind: KindId
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
    """When the bot last gave the numbers to call while staff had the case."""
    bot_answers: bool = False
    is_drill: bool = False
    taken_at: datetime | None = None
    """When the resident was told that staff are reading; None while only the bot answers."""
    for_other: bool = False
    joined_to: str = ""
    quiet_from: int | None = None
    quiet_until: int | None = None
    """Quiet hours in which the resident must not be written to: minutes from midnight, city time."""
    ask_at: datetime | None = None
    """When the resident, who has agreed to it, is asked whether they found help."""
    asks: int = 0
    found_help: str = ""
    """The resident's answer: `yes`, `no`, or empty."""

    def is_danger_at(self, now: datetime) -> bool:
        """Whether the resident reported danger within the last hour: a picture sent now belongs to it."""
        return self.urgency is Route.EMERGENCY and now - self.changed_at <= DANGER_LASTS

    @property
    def is_watched(self) -> bool:
        """The invariant: an open case has an owner with a lease, or a scheduled alarm."""
        if self.status is Status.WAITING:
            return self.alarm_at is not None and not self.owner
        if self.status is Status.CLAIMED:
            return bool(self.owner) and self.lease_until is not None
        return self.alarm_at is None and self.lease_until is None

    @property
    def staff_answer(self) -> bool:
        """Whether the bot is silent because staff have the case."""
        return self.status is Status.CLAIMED and not self.bot_answers


def opened(case_id: str, number: str, wish: CaseWish, at: Arrived, roster: DutyRoster) -> Case:
    """A new waiting case with its first alarm scheduled."""
    status = next_status(None, CaseAction.OPEN)
    case = Case(case_id, number, at.resident, wish.kind, wish.urgency, status, at.source, at.moment, at.moment)
    return _waiting(replace(case, unanswered_since=at.moment), at.moment, roster)


def cancelled(case: Case, now: datetime) -> Case:
    """The case after its resident withdrew it."""
    return _ended(replace(case, status=next_status(case.status, CaseAction.CANCEL)), now)


def after_message(
    case: Case, wish: CaseWish | None, now: datetime, roster: DutyRoster, kinds: Kinds
) -> tuple[CaseAction, Case]:
    """The case after another message of its resident, which may make it more urgent. Raises NotPossibleError."""
    action = CaseAction.RAISE if wish and _is_raised(case, wish, kinds) else CaseAction.ADD
    changed = replace(
        case,
        status=next_status(case.status, action),
        changed_at=now,
        unanswered_since=case.unanswered_since or now,
        kind=wish.kind if wish and action is CaseAction.RAISE else case.kind,
        urgency=wish.urgency if wish and action is CaseAction.RAISE else case.urgency,
    )
    if changed.status is Status.WAITING:
        return action, _waiting(changed, now, roster) if action is CaseAction.RAISE else changed
    due = answer_by(changed.urgency, now, roster)
    return action, replace(changed, lease_until=min(due, changed.lease_until or due))


def claimed(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    """The case owned by `owner`. Raises NotPossibleError if somebody owns it already."""
    changed = replace(case, status=next_status(case.status, CaseAction.CLAIM), changed_at=now)
    return _owned(changed, owner, now, roster)


def handed_over(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    """The case with a new owner, who must answer soon even if nothing is unanswered."""
    owned = _owned(
        replace(case, status=next_status(case.status, CaseAction.HAND_OVER), changed_at=now), owner, now, roster
    )
    return replace(owned, lease_until=answer_by(case.urgency, now, roster))


def answered(case: Case, now: datetime, unread_since: datetime | None = None) -> Case:
    """The case after an answer of its owner.

    `unread_since`: time of a message that the owner had not seen when writing; it stays unanswered, with its deadline.
    """
    return replace(
        case,
        status=next_status(case.status, CaseAction.REPLY),
        changed_at=now,
        unanswered_since=unread_since,
        bot_answers=False,
        first_answer_at=case.first_answer_at or now,
        lease_until=case.lease_until if unread_since else rest_until(now),
    )


def noted(case: Case, now: datetime) -> Case:
    """The case after a note, which changes no deadline."""
    return replace(case, status=next_status(case.status, CaseAction.NOTE), changed_at=now)


def put_back(case: Case, action: CaseAction, now: datetime, roster: DutyRoster) -> Case:
    """The case back in the queue: released, lapsed or reopened. Raises NotPossibleError."""
    back = replace(case, status=next_status(case.status, action), changed_at=now, closed_at=None, reason="", alarms=0)
    back = replace(
        back, unanswered_since=back.unanswered_since or now, bot_answers=False, taken_at=None, ask_at=None, joined_to=""
    )
    return _waiting(replace(back, owner="", lease_until=None), now, roster)


def alarmed(case: Case, now: datetime, roster: DutyRoster) -> Case:
    """The waiting case after an alarm, with the next one scheduled."""
    changed = replace(case, status=next_status(case.status, CaseAction.ALARM), alarms=case.alarms + 1)
    return _waiting(changed, now, roster)


def returned(case: Case, now: datetime) -> Case:
    """The case after its resident returned to the bot; its owner keeps it."""
    return replace(case, status=next_status(case.status, CaseAction.RETURN), changed_at=now, bot_answers=True)


def closed(case: Case, reason: Reason, now: datetime) -> Case:
    ended = replace(case, status=next_status(case.status, CaseAction.CLOSE), reason=reason)
    return _ended(ended, now)


def joined(case: Case, into: Case, now: datetime) -> Case:
    """The case closed because it continues in `into`, of the same person. Raises NotPossibleError."""
    if into.id == case.id or into.status not in OPEN_STATUSES or into.is_drill != case.is_drill:
        message = "a case is joined to another one that is open, and no drill"
        raise NotPossibleError(message)
    ended = replace(case, status=next_status(case.status, CaseAction.JOIN), reason=Reason.JOINED, joined_to=into.id)
    return _ended(ended, now)


def for_other(case: Case, now: datetime) -> Case:
    """The case after its writer said that it is about somebody else."""
    return replace(case, status=next_status(case.status, CaseAction.FOR_OTHER), changed_at=now, for_other=True)


def shown_number(number: str) -> str:
    """Six digits as people read them aloud: `482-915`."""
    return f"{number[:3]}-{number[3:]}"


def _waiting(case: Case, now: datetime, roster: DutyRoster) -> Case:
    return replace(case, alarm_at=next_alarm(case.urgency, case.alarms, now, roster))


def _owned(case: Case, owner: str, now: datetime, roster: DutyRoster) -> Case:
    due = answer_by(case.urgency, now, roster) if case.unanswered_since else rest_until(now)
    return replace(case, owner=owner, lease_until=due, alarm_at=None, alarms=0, taken_at=case.taken_at or now)


def _ended(case: Case, now: datetime) -> Case:
    return replace(
        case, changed_at=now, closed_at=now, alarm_at=None, lease_until=None, unanswered_since=None, bot_answers=False
    )


def _is_raised(case: Case, wish: CaseWish, kinds: Kinds) -> bool:
    if wish.urgency != case.urgency:
        return wish.urgency is Route.EMERGENCY
    return kinds.rank(wish.kind) < kinds.rank(case.kind)
