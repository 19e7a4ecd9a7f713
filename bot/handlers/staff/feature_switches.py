"""Admins turn features on and off; each change is audited."""

from sqlalchemy import Connection

from bot.domain.staff.permissions import Staff
from bot.domain.switches import Switches
from bot.handlers.app_context import AppContext
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.duty_rows import read_switches, write_switch


def current_switches(store: Store) -> Switches:
    with store.reading() as connection:
        return read_switches(connection)


def set_switch(context: AppContext, staff: Staff, switch: str, *, is_on: bool) -> None:
    """`switch`: a `Switch`, or the name of a channel's switch."""
    now = context.clock()

    def write(connection: Connection) -> None:
        write_switch(connection, switch, "yes" if is_on else "", staff.id, now)
        add_audit_entry(connection, AuditEntry(now, staff.id, "switch", "", f"{switch} {'on' if is_on else 'off'}"))

    context.store.transaction(write)
