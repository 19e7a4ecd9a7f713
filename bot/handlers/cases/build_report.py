"""The monthly report, read by who may; reading it leaves a trace."""

from collections import Counter

from bot.domain.cases.monthly_report import Month, Report, report_of
from bot.domain.staff.permissions import Deed, Staff, require
from bot.handlers.cases.notify_staff import roster_of
from bot.handlers.house import House
from bot.storage.cases.report_rows import count_reopened, read_reported
from bot.storage.conversation.count_rows import read_counts
from bot.storage.staff.audit_rows import Trace, add_trace


def read_report(house: House, staff: Staff, month: Month) -> Report:
    """The report of a month. Raises NotAllowedError."""
    require(staff, Deed.READ_REPORT)
    start, end = month.begins, month.following.begins
    with house.store.reading() as connection:
        found = read_reported(connection, start, end)
        reopened = count_reopened(connection, start, end)
        counts = read_counts(connection, month.first, month.last)
        roster = roster_of(connection, house.reception)
    messages: Counter[str] = Counter()
    for (_, route), count in counts.items():
        messages[route] += count
    trace = Trace(house.now(), staff.id, "report-view", detail=str(month))
    house.store.transaction(lambda connection: add_trace(connection, trace))
    return report_of(month, found, reopened, messages, roster)
