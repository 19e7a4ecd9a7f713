"""The audit trail as whoever may read it sees it, with whether its chain holds."""

from dataclasses import dataclass

from bot.handlers.app_context import AppContext
from bot.storage.cases.case_rows import numbers_of
from bot.storage.staff.audit_rows import NumberedAuditEntry, broken_link, read_audit_entries
from bot.storage.staff.staff_rows import list_staff


@dataclass(frozen=True)
class AuditPage:
    """The newest traces, with the names of staff and the numbers of cases by their ids.

    `broken`: the number of the first trace that does not fit the chain, 0 where all do.
    """

    traces: tuple[NumberedAuditEntry, ...]
    broken: int
    names: dict[str, str]
    numbers: dict[str, str]


def read_audit(context: AppContext, before: int | None) -> AuditPage:
    """The newest traces, or those before the one with that number."""
    with context.store.reading() as connection:
        traces = read_audit_entries(connection, before=before)
        numbers = numbers_of(connection, {each.trace.about for each in traces})
        names = {each.id: each.name for each in list_staff(connection)}
        return AuditPage(tuple(traces), broken_link(connection), names, numbers)
