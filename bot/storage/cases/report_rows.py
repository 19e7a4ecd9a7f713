"""Queries of the monthly report."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.domain.cases.case_transitions import CaseAction, Status
from bot.domain.cases.monthly_report import ReportedCase
from bot.domain.understanding.kinds import KindId
from bot.storage.schema.residents_and_cases import case_events, cases


def read_reported(connection: Connection, start: datetime, end: datetime) -> list[ReportedCase]:
    """Cases opened from `start` to before `end`, without drills."""
    query = select(cases).where(cases.c.opened_at >= start, cases.c.opened_at < end, ~cases.c.is_drill)
    return [
        ReportedCase(
            KindId(row.kind),
            Status(row.status),
            row.reason,
            row.opened_at,
            row.first_answer_at,
            row.closed_at,
            row.asks,
            row.found_help,
        )
        for row in connection.execute(query)
    ]


def count_reopened(connection: Connection, start: datetime, end: datetime) -> int:
    """Number of cases that were reopened in that time."""
    matches = (
        case_events.c.action == CaseAction.REOPEN,
        case_events.c.at >= start,
        case_events.c.at < end,
        ~cases.c.is_drill,
    )
    query = select(func.count(case_events.c.case_id.distinct())).join(cases, cases.c.id == case_events.c.case_id)
    return connection.execute(query.where(*matches)).scalar_one()
