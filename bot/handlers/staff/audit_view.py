"""One page of the audit trail, with the state of its hash chain."""

from dataclasses import dataclass

from bot.storage.cases.case_rows import numbers_of
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import NumberedAuditEntry, broken_link, read_audit_entries
from bot.storage.staff.staff_rows import list_staff


@dataclass(frozen=True)
class AuditPage:
    """Audit entries, newest first; `names` of staff and `numbers` of cases are keyed by id.

    `broken`: number of the first entry that breaks the chain, 0 if none does.
    """

    traces: tuple[NumberedAuditEntry, ...]
    broken: int
    names: dict[str, str]
    numbers: dict[str, str]


def read_audit(store: Store, before: int | None) -> AuditPage:
    """The newest entries, or those before the entry with the number `before`."""
    with store.reading() as connection:
        traces = read_audit_entries(connection, before=before)
        numbers = numbers_of(connection, {entry.trace.about for entry in traces})
        names = {account.id: account.name for account in list_staff(connection)}
        return AuditPage(tuple(traces), broken_link(connection), names, numbers)
