"""Which staff are notified of a case, and how. Pure: how staff can be reached is an argument."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import CaseAction
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.messages import Route

PIECES_ARE_TOLD_ONCE = timedelta(minutes=1)
"""Messages without danger that follow a notice within this time cause no further notice."""
ALARMS_BEFORE_GROUPS = 2
"""From this alarm on, groups are notified again of a case that is no emergency."""
_PUSHED_TO_GROUPS = frozenset(
    {CaseAction.OPEN, CaseAction.RAISE, CaseAction.REOPEN, CaseAction.LAPSE, CaseAction.RELEASE}
)
"""A push to a group counts once per member: what only continues a case is left to mail and the desk's page."""


@dataclass(frozen=True)
class StaffAlert:
    """Reason and time of a notification about a case."""

    case: Case
    why: CaseAction
    at: datetime
    danger: bool = False
    """The resident has just reported danger."""

    @property
    def may_be_told_already(self) -> bool:
        """Whether an earlier notice may cover it: people write in pieces, but danger always causes a new notice."""
        return self.why is CaseAction.ADD and not self.danger


@dataclass(frozen=True)
class StaffReach:
    """How staff can be reached now, as recipients of notices."""

    mails: Mapping[str, str]
    """The person's mail by account."""
    chats: tuple[tuple[str, str], ...]
    """(account, chat); the account of a group is empty."""
    desk_mail: str = ""
    spares_pushes: bool = False

    def chat(self, staff: str) -> str:
        """The person's own chat; empty if none."""
        return next((chat for owner, chat in self.chats if owner == staff and staff), "")

    def groups(self) -> list[str]:
        """The chats of the desk itself."""
        return [chat for owner, chat in self.chats if not owner]

    def reaches(self, staff: str) -> bool:
        """Whether the person can be notified."""
        return bool(self.mails.get(staff) or self.chat(staff))

    @property
    def ways(self) -> int:
        """Number of addresses at which anybody can be notified."""
        return len(self.chats) + bool(self.desk_mail) + len(self.mails)


def recipients(reach: StaffReach, roster: DutyRoster, alert: StaffAlert) -> Iterator[str]:
    """People by mail and chat, the desk's mail, and its groups: groups also if there is nobody else."""
    people = list(filter(None, _people(reach, roster, alert)))
    yield from people
    if reach.desk_mail:
        yield reach.desk_mail
    if _is_pushed(reach, alert) or not (people or reach.desk_mail):
        yield from reach.groups()


def _people(reach: StaffReach, roster: DutyRoster, alert: StaffAlert) -> Iterator[str]:
    """The owner; also those on duty if there is no owner, the owner cannot be reached, or somebody is in danger now.

    Mail always; a person's own chat in an emergency, or if mail alone was not enough.
    """
    case = alert.case
    notified = [case.owner] if case.owner else []
    if alert.danger or not reach.reaches(case.owner):
        notified += roster.on_duty(alert.at)[: case.alarms + 1]
    for person in notified:
        mail = reach.mails.get(person, "")
        yield mail
        if case.urgency is Route.EMERGENCY or case.alarms or not mail:
            yield reach.chat(person)


def _is_pushed(reach: StaffReach, alert: StaffAlert) -> bool:
    """Whether the groups are notified, where a push counts once per member."""
    case = alert.case
    if alert.danger or (case.urgency is Route.EMERGENCY and not case.owner):
        return True
    escalates = alert.why is CaseAction.ALARM and case.alarms >= ALARMS_BEFORE_GROUPS
    return (alert.why in _PUSHED_TO_GROUPS or escalates) and not reach.spares_pushes
