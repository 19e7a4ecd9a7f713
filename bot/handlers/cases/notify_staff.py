"""Staff are told of a case. A notice holds a number and a link, never a word of a resident."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.escalation import PIECES_ARE_TOLD_ONCE, StaffAlert, StaffReach, recipients
from bot.domain.delivery.staff_notice import CHAT, MAIL, StaffNotice
from bot.domain.opening_hours import OpeningHours
from bot.domain.staff.permissions import Permission, may
from bot.domain.switches import DESK_MAIL, FEW_PUSHES
from bot.storage.delivery.outbox_reads import was_told_since
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.sealing import Keyring
from bot.storage.staff.duty_rows import read_roster, read_switch
from bot.storage.staff.staff_chat_rows import ChatState, list_chats
from bot.storage.staff.staff_rows import list_staff


def read_staff_reach(connection: Connection, staff_channels: Collection[str]) -> StaffReach:
    """Mail where a server is set, chats where they are bound and their platform is connected."""
    mails = "mail" in staff_channels
    accounts = [staff for staff in list_staff(connection) if may(staff, Permission.READ_CASE)]
    chats = [
        chat for chat in list_chats(connection) if chat.state is ChatState.BOUND and chat.channel in staff_channels
    ]
    desk = read_switch(connection, DESK_MAIL) if mails else ""
    return StaffReach(
        {staff.id: MAIL + staff.mail for staff in accounts if staff.mail and mails},
        tuple((chat.staff, CHAT + chat.id) for chat in chats),
        MAIL + desk if desk else "",
        spares_pushes=bool(read_switch(connection, FEW_PUSHES)),
    )


def read_duty_roster(connection: Connection, hours: OpeningHours, staff_channels: Collection[str]) -> DutyRoster:
    """The duty list as it stands. On call is only who can be told."""
    roster = read_roster(connection, hours)
    if not any(person.on_call for person in roster.people):
        return roster
    reach = read_staff_reach(connection, staff_channels)
    people = (replace(person, is_reached=reach.reaches(person.staff)) for person in roster.people)
    return replace(roster, people=tuple(people))


def notify_staff(
    connection: Connection, keys: Keyring, staff_channels: Collection[str], roster: DutyRoster, alert: StaffAlert
) -> None:
    """Queue notices: to the owner, or to the desk and the duty list, one person further with each alarm."""
    if not staff_channels or alert.case.is_drill:
        return
    if alert.may_be_told_already and was_told_since(connection, alert.case.id, alert.at - PIECES_ARE_TOLD_ONCE):
        return
    reach = read_staff_reach(connection, staff_channels)
    wanted = dict.fromkeys(recipient for recipient in recipients(reach, roster, alert) if recipient)
    add_notices(connection, keys, [StaffNotice(to, alert.why, alert.case.id) for to in wanted], alert.at)
