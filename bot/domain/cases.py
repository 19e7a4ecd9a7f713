"""A case: somebody's trouble in the hands of the consultation desk. One table says what may happen in which status."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.domain.messages import Route
from bot.domain.triage import Kind


class Status(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody has taken it yet."""
    CANCELLED = "cancelled"
    """The resident took it back."""


class Action(StrEnum):
    """What can happen to a case."""

    OPEN = "open"
    ADD = "add"
    RAISE = "raise"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[Status | None, Action], Status] = MappingProxyType(
    {
        (None, Action.OPEN): Status.WAITING,
        (Status.WAITING, Action.ADD): Status.WAITING,
        (Status.WAITING, Action.RAISE): Status.WAITING,
        (Status.WAITING, Action.CANCEL): Status.CANCELLED,
    }
)
OPEN_STATUSES = frozenset({Status.WAITING})
DANGER_LASTS = timedelta(hours=1)


class NotPossibleError(Exception):
    """This cannot happen to a case in this status."""


@dataclass(frozen=True)
class CaseWish:
    """What a step of the talk wants to happen with the resident's case."""

    kind: Kind
    urgency: Route


@dataclass(frozen=True)
class Arrived:
    """When a message came, and from where."""

    moment: datetime
    source: str


@dataclass(frozen=True)
class Case:
    """One case as stored. `urgency` is the route that opened or raised it: emergency or desk."""

    id: str
    number: str
    resident: str
    kind: Kind
    urgency: Route
    status: Status
    source: str
    opened_at: datetime
    changed_at: datetime

    def is_danger_at(self, now: datetime) -> bool:
        """Whether the resident wrote of danger within the last hour: a picture that comes now belongs to it."""
        return self.urgency is Route.EMERGENCY and now - self.changed_at <= DANGER_LASTS


def next_status(status: Status | None, action: Action) -> Status:
    """Where the action leads. Raises NotPossibleError."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        message = f"a case that is {status} cannot {action}"
        raise NotPossibleError(message) from None


def opened(case_id: str, number: str, resident: str, wish: CaseWish, at: Arrived) -> Case:
    """A new case, waiting."""
    status = next_status(None, Action.OPEN)
    return Case(case_id, number, resident, wish.kind, wish.urgency, status, at.source, at.moment, at.moment)


def after(case: Case, action: Action, now: datetime) -> Case:
    """The case after something happened to it. Raises NotPossibleError."""
    return replace(case, status=next_status(case.status, action), changed_at=now)


def after_message(case: Case, wish: CaseWish, now: datetime) -> tuple[Action, Case]:
    """The case after a further message of its resident, which may make it more urgent."""
    if _is_raised(case, wish):
        return Action.RAISE, replace(after(case, Action.RAISE, now), kind=wish.kind, urgency=wish.urgency)
    return Action.ADD, after(case, Action.ADD, now)


def _is_raised(case: Case, wish: CaseWish) -> bool:
    if wish.urgency != case.urgency:
        return wish.urgency is Route.EMERGENCY
    order = list(Kind)
    return order.index(wish.kind) < order.index(case.kind)


def shown_number(number: str) -> str:
    """Six digits as people read them out: `482-915`."""
    return f"{number[:3]}-{number[3:]}"
