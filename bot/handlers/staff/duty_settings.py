"""An admin keeps the duty list, the special days and the desk's mail address; each change leaves a trace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.opening_hours import SpecialDay
from bot.domain.staff.permissions import Staff
from bot.domain.switches import DESK_MAIL
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import read_duty_roster, read_staff_reach
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.duty_rows import read_switch, write_people, write_special_day, write_switch
from bot.storage.staff.staff_rows import list_staff


@dataclass(frozen=True)
class DutyView:
    """Everything on the page."""

    roster: DutyRoster
    accounts: tuple[Staff, ...]
    desk_mail: str
    has_mail: bool
    """Whether a mail server is set."""
    unreached: frozenset[str]
    """Who is on the list and cannot be told anything."""


def read_duty(context: AppContext) -> DutyView:
    """The duty list, the accounts and the desk's address as they stand."""
    with context.store.reading() as connection:
        accounts = tuple(each for each in list_staff(connection) if not each.is_disabled)
        roster, ways = (
            read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels),
            read_staff_reach(connection, context.staff_channels),
        )
        return DutyView(
            roster,
            accounts,
            read_switch(connection, DESK_MAIL),
            context.mail is not None,
            frozenset(each.staff for each in roster.people if not ways.reaches(each.staff)),
        )


def save_duty_people(context: AppContext, staff: Staff, people: Sequence[DutyPerson]) -> None:
    """The duty list in this order."""
    detail = f"{len(people)} on the list, {sum(each.on_call for each in people)} on call"
    _keep(context, staff, "duty-list", detail, lambda connection: write_people(connection, people))


def save_special_day(context: AppContext, staff: Staff, day: date, special: SpecialDay | None) -> None:
    """A closure or other times on one day; None makes it an ordinary one again."""
    kind = "usual" if special is None else "other times" if special.times else "closed"
    _keep(
        context, staff, "special-day", f"{day} {kind}", lambda connection: write_special_day(connection, day, special)
    )


def save_desk_mail(context: AppContext, staff: Staff, address: str) -> None:
    """The address to which every notice goes besides."""
    now = context.clock()
    _keep(
        context, staff, "desk-mail", "set" if address else "none",
        lambda connection: write_switch(connection, DESK_MAIL, address, staff.id, now),
    )  # fmt: skip


def _keep(context: AppContext, staff: Staff, action: str, detail: str, write: Callable[[Connection], None]) -> None:
    def work(connection: Connection) -> None:
        write(connection)
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, action, "", detail))

    context.store.transaction(work)
