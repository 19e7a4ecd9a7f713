"""Admins edit the duty list, special days and the desk's mail address; each change is audited."""

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
    roster: DutyRoster
    accounts: tuple[Staff, ...]
    desk_mail: str
    has_mail: bool
    """Whether a mail server is configured."""
    unreached: frozenset[str]
    """Ids of people on the list who have neither mail nor a paired chat."""


def read_duty(context: AppContext) -> DutyView:
    with context.store.reading() as connection:
        accounts = tuple(account for account in list_staff(connection) if not account.is_disabled)
        roster, ways = (
            read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels),
            read_staff_reach(connection, context.staff_channels),
        )
        return DutyView(
            roster,
            accounts,
            read_switch(connection, DESK_MAIL),
            context.mail is not None,
            frozenset(person.staff for person in roster.people if not ways.reaches(person.staff)),
        )


def save_duty_people(context: AppContext, staff: Staff, people: Sequence[DutyPerson]) -> None:
    """Replace the duty list; order counts. Raises NotAllowedError."""
    detail = f"{len(people)} on the list, {sum(person.on_call for person in people)} on call"
    _save(context, staff, "duty-list", detail, lambda connection: write_people(connection, people))


def save_special_day(context: AppContext, staff: Staff, day: date, special: SpecialDay | None) -> None:
    """Set a closure or other times for one day; None resets it. Raises NotAllowedError."""
    kind = "usual" if special is None else "other times" if special.times else "closed"
    _save(
        context, staff, "special-day", f"{day} {kind}", lambda connection: write_special_day(connection, day, special)
    )


def save_desk_mail(context: AppContext, staff: Staff, address: str) -> None:
    """Set the address that gets a copy of every notice. Raises NotAllowedError."""
    now = context.clock()
    _save(
        context, staff, "desk-mail", "set" if address else "none",
        lambda connection: write_switch(connection, DESK_MAIL, address, staff.id, now),
    )  # fmt: skip


def _save(context: AppContext, staff: Staff, action: str, detail: str, write: Callable[[Connection], None]) -> None:
    def work(connection: Connection) -> None:
        write(connection)
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, action, "", detail))

    context.store.transaction(work)
