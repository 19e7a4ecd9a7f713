"""Who of the staff is told of a case, and by which way. Pure: how staff can be reached is handed in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import CaseAction
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.messages import Route

PIECES_ARE_TOLD_ONCE = timedelta(minutes=1)
"""Messages without danger that follow a notice within this time are not told again."""
ALARMS_BEFORE_GROUPS = 2
"""From this alarm on groups are told again of a case that is no emergency."""
_PUSHED_TO_GROUPS = frozenset(
    {CaseAction.OPEN, CaseAction.RAISE, CaseAction.REOPEN, CaseAction.LAPSE, CaseAction.RELEASE}
)
"""A push to a group counts once per member: what only continues a case is left to mail and desk."""


@dataclass(frozen=True)
class StaffAlert:
    """What there is to tell: a case, why, and when that was."""

    case: Case
    why: CaseAction
    at: datetime
    danger: bool = False
    """The resident has just written of danger."""

    @property
    def may_be_told_already(self) -> bool:
        """Whether what is on its way tells it too: people write in pieces, and danger is always told again."""
        return self.why is CaseAction.ADD and not self.danger


@dataclass(frozen=True)
class StaffReach:
    """How staff can be reached now, as recipients of messages."""

    mails: Mapping[str, str]
    """By account: the person's mail."""
    chats: tuple[tuple[str, str], ...]
    """(account, chat); the account of a group is empty."""
    desk_mail: str = ""
    spares_pushes: bool = False

    def chat(self, staff: str) -> str:
        """The person's own chat; empty without one."""
        return next((chat for owner, chat in self.chats if owner == staff and staff), "")

    def groups(self) -> list[str]:
        """The desk's own chats."""
        return [chat for owner, chat in self.chats if not owner]

    def reaches(self, staff: str) -> bool:
        """Whether the person can be told anything."""
        return bool(self.mails.get(staff) or self.chat(staff))

    @property
    def ways(self) -> int:
        """How many ways there are to tell anybody."""
        return len(self.chats) + bool(self.desk_mail) + len(self.mails)


def recipients(reach: StaffReach, roster: DutyRoster, alert: StaffAlert) -> Iterator[str]:
    """People by mail and chat, the desk's mail, and its groups: these too where nobody else is found."""
    people = list(filter(None, _people(reach, roster, alert)))
    yield from people
    if reach.desk_mail:
        yield reach.desk_mail
    if _is_pushed(reach, alert) or not (people or reach.desk_mail):
        yield from reach.groups()


def _people(reach: StaffReach, roster: DutyRoster, alert: StaffAlert) -> Iterator[str]:
    """The owner; who is on duty where there is none, or none that is reached, or somebody is in danger now.

    Mail at once; a person's own chat in an emergency, or where mail alone was not enough.
    """
    case = alert.case
    told = [case.owner] if case.owner else []
    if alert.danger or not reach.reaches(case.owner):
        told += roster.on_duty(alert.at)[: case.alarms + 1]
    for person in told:
        mail = reach.mails.get(person, "")
        yield mail
        if case.urgency is Route.EMERGENCY or case.alarms or not mail:
            yield reach.chat(person)


def _is_pushed(reach: StaffReach, alert: StaffAlert) -> bool:
    """Whether the groups are told, where a push counts once for each member."""
    case = alert.case
    if alert.danger or (case.urgency is Route.EMERGENCY and not case.owner):
        return True
    climbs = alert.why is CaseAction.ALARM and case.alarms >= ALARMS_BEFORE_GROUPS
    return (alert.why in _PUSHED_TO_GROUPS or climbs) and not reach.spares_pushes
