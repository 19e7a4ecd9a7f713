"""The monthly report; reading it is recorded in the audit trail."""

from collections import Counter

from bot.domain.cases.monthly_report import Month, MonthCounts, MonthlyReport, report_of
from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import read_duty_roster
from bot.storage.cases.report_rows import count_reopened, read_reported
from bot.storage.conversation.count_rows import read_counts
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry


def build_report(context: AppContext, staff: Staff, month: Month) -> MonthlyReport:
    start, end = month.begins, month.following.begins
    with context.store.reading() as connection:
        cases = read_reported(connection, start, end)
        reopened = count_reopened(connection, start, end)
        counts = read_counts(connection, month.first, month.last)
        roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
    messages: Counter[str] = Counter()
    for (_, route), count in counts.items():
        messages[route] += count
    entry = AuditEntry(context.clock(), staff.id, "report-view", detail=str(month))
    context.store.transaction(lambda connection: add_audit_entry(connection, entry))
    return report_of(month, MonthCounts(cases, reopened, messages), roster, context.content.catalog.kinds)
