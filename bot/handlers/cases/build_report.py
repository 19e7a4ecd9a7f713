"""The monthly report, read by who may; reading it leaves a trace."""

from collections import Counter

from bot.domain.cases.monthly_report import Month, Report, report_of
from bot.domain.staff.permissions import Deed, Staff, require
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import roster_of
from bot.storage.cases.report_rows import count_reopened, read_reported
from bot.storage.conversation.count_rows import read_counts
from bot.storage.staff.audit_rows import Trace, add_trace


def read_report(context: AppContext, staff: Staff, month: Month) -> Report:
    """The report of a month. Raises NotAllowedError."""
    require(staff, Deed.READ_REPORT)
    start, end = month.begins, month.following.begins
    with context.store.reading() as connection:
        found = read_reported(connection, start, end)
        reopened = count_reopened(connection, start, end)
        counts = read_counts(connection, month.first, month.last)
        roster = roster_of(connection, context)
    messages: Counter[str] = Counter()
    for (_, route), count in counts.items():
        messages[route] += count
    trace = Trace(context.clock(), staff.id, "report-view", detail=str(month))
    context.store.transaction(lambda connection: add_trace(connection, trace))
    return report_of(month, found, reopened, messages, roster)
