"""Staff are told of a case: who, by which way. A notice holds a number and a link, never a word of a resident."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import CaseAction
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.delivery.staff_notice import CHAT, MAIL, StaffNotice
from bot.domain.messages import Route
from bot.domain.staff.permissions import Permission, Staff, may
from bot.handlers.app_context import AppContext
from bot.storage.delivery.outbox_reads import was_told_since
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.staff.duty_rows import read_roster, read_switch
from bot.storage.staff.staff_chat_rows import ChatState, StaffChat, list_chats
from bot.storage.staff.staff_rows import list_staff

DESK_MAIL = "desk-mail"
"""The switch that holds the desk's own mail address."""
FEW_PUSHES = "few-pushes"
"""The switch that the worker sets when a platform's messages of the month run low: then only emergencies are pushed."""
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


@dataclass(frozen=True)
class StaffReach:
    """How staff can be reached now."""

    accounts: dict[str, Staff]
    chats: tuple[StaffChat, ...]
    desk_mail: str
    spares: bool

    def mail(self, staff: str) -> str:
        """The recipient of the person's mail; empty without one."""
        account = self.accounts.get(staff)
        return MAIL + account.mail if account and account.mail else ""

    def chat(self, staff: str) -> str:
        """The recipient of the person's own chat; empty without one."""
        return next((CHAT + each.id for each in self.chats if each.staff == staff and staff), "")

    def groups(self) -> list[str]:
        """The desk's own chats."""
        return [CHAT + each.id for each in self.chats if each.is_group]

    def reaches(self, staff: str) -> bool:
        """Whether the person can be told anything."""
        return bool(self.mail(staff) or self.chat(staff))


def read_staff_reach(connection: Connection, context: AppContext) -> StaffReach:
    """Mail where a server is set, chats where they are bound and their platform is connected."""
    mails = "mail" in context.staff_channels
    accounts = {each.id: each for each in list_staff(connection) if may(each, Permission.READ_CASE)}
    if not mails:
        accounts = {name: replace(each, mail="") for name, each in accounts.items()}
    bound = [each for each in list_chats(connection) if each.state is ChatState.BOUND]
    chats = tuple(each for each in bound if each.channel in context.staff_channels)
    desk = read_switch(connection, DESK_MAIL) if mails else ""
    return StaffReach(accounts, chats, desk, bool(read_switch(connection, FEW_PUSHES)))


def read_duty_roster(connection: Connection, context: AppContext) -> DutyRoster:
    """The duty list as it stands. On call is only who can be told."""
    roster = read_roster(connection, context.content.catalog.duty.hours)
    if not any(each.on_call for each in roster.people):
        return roster
    ways = read_staff_reach(connection, context)
    return replace(roster, people=tuple(replace(each, is_reached=ways.reaches(each.staff)) for each in roster.people))


def notify_staff(connection: Connection, context: AppContext, roster: DutyRoster, news: StaffAlert) -> None:
    """Queue notices: to the owner, or to the desk and the duty list, one person further with each alarm."""
    if not context.staff_channels or news.case.is_drill or _is_told(connection, news):
        return
    ways = read_staff_reach(connection, context)
    wanted = dict.fromkeys(each for each in _recipients(ways, roster, news) if each)
    notices = [StaffNotice(each, news.why, news.case.id) for each in wanted]
    add_notices(connection, context.keys, notices, news.at)


def _recipients(ways: StaffReach, roster: DutyRoster, news: StaffAlert) -> Iterator[str]:
    """People by mail and chat, the desk's mail, and its groups: these too where nobody else is found."""
    people = list(filter(None, _of_people(ways, roster, news)))
    yield from people
    if ways.desk_mail:
        yield MAIL + ways.desk_mail
    if _is_pushed(ways, news) or not (people or ways.desk_mail):
        yield from ways.groups()


def _of_people(ways: StaffReach, roster: DutyRoster, news: StaffAlert) -> Iterator[str]:
    """The owner; who is on duty where there is none, or none that is reached, or somebody is in danger now.

    Mail at once; a person's own chat in an emergency, or where mail alone was not enough.
    """
    case = news.case
    reached = [case.owner] if case.owner else []
    if news.danger or not ways.reaches(case.owner):
        reached += roster.on_duty(news.at)[: case.alarms + 1]
    for each in reached:
        yield ways.mail(each)
        if case.urgency is Route.EMERGENCY or case.alarms or not ways.mail(each):
            yield ways.chat(each)


def _is_pushed(ways: StaffReach, news: StaffAlert) -> bool:
    """Whether the groups are told, where a push counts once for each member."""
    case = news.case
    if news.danger or (case.urgency is Route.EMERGENCY and not case.owner):
        return True
    climbs = news.why is CaseAction.ALARM and case.alarms >= ALARMS_BEFORE_GROUPS
    return (news.why in _PUSHED_TO_GROUPS or climbs) and not ways.spares


def _is_told(connection: Connection, news: StaffAlert) -> bool:
    """Whether a further message is told already by what is on its way: people write in pieces."""
    further = news.why is CaseAction.ADD and not news.danger
    return further and was_told_since(connection, news.case.id, news.at - PIECES_ARE_TOLD_ONCE)
