"""The monthly report: number, kinds and hours of cases, times to the first answer, outcomes. Pure.

Drills are not counted; a case belongs to the month in which it was opened, in city time.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from bot.domain.cases.case_transitions import OPEN_STATUSES, Reason, Status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.small_count_suppression import SMALL, protected, suppressed
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, Kinds

HOURS_TOGETHER = 3
"""Hours of the day that are counted together: counts of single hours would nearly always be small."""
ANSWERED_WITHIN = (15, 30, 60, 120)
"""Minutes of duty time."""
_MONTHS = 12


@dataclass(frozen=True)
class Month:
    """A calendar month in city time."""

    year: int
    month: int

    @classmethod
    def read(cls, written: str) -> "Month":
        """Parse `2026-11`. Raises ValueError."""
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", written, re.ASCII)
        if not match:
            message = "a month is written like 2026-11"
            raise ValueError(message)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        local = moment.astimezone(CITY_ZONE)
        return cls(local.year, local.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def begins(self) -> datetime:
        """Midnight of the first day."""
        return datetime.combine(self.first, time(), tzinfo=CITY_ZONE)

    @property
    def following(self) -> "Month":
        return self._moved(1)

    @property
    def before(self) -> "Month":
        return self._moved(-1)

    def _moved(self, by: int) -> "Month":
        year, month = divmod(self.year * _MONTHS + self.month - 1 + by, _MONTHS)
        return Month(year, month + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


@dataclass(frozen=True)
class ReportedCase:
    """The parts of a case that are counted."""

    kind: KindId
    status: Status
    reason: str
    opened_at: datetime
    first_answer_at: datetime | None
    closed_at: datetime | None
    asks: int = 0
    found_help: str = ""


@dataclass(frozen=True)
class MonthCounts:
    """Raw data of a month. `reopened`: number of reopened cases; `messages`: number of messages by route."""

    cases: Sequence[ReportedCase]
    reopened: int
    messages: Mapping[str, int]


@dataclass(frozen=True)
class ReportTable:
    """A table with small counts masked: its rows by name, and the total."""

    name: str
    rows: tuple[tuple[str, str], ...]
    total: str


@dataclass(frozen=True)
class MonthlyReport:
    """A month with small counts masked. Times in rounded minutes, None for fewer than five cases."""

    month: Month
    tables: tuple[ReportTable, ...]
    first_answer: int | None
    """Median duty time until the first answer of staff."""
    whole: int | None
    """Median time from the opening of a case to its end."""
    reopened: str


def report_of(month: Month, counts: MonthCounts, roster: DutyRoster, kinds: Kinds) -> MonthlyReport:
    cases = [case for case in counts.cases if case.reason != Reason.DRILL]
    waits = [roster.duty_time(case.opened_at, case.first_answer_at) for case in cases if case.first_answer_at]
    whole = [case.closed_at - case.opened_at for case in cases if case.closed_at]
    # No table by urgency: it follows from the kind, and would tell what is masked there.
    counted = {
        "kind": _rows(_kinds(cases, kinds), (case.kind for case in cases)),
        "hours": _rows(map(str, range(0, 24, HOURS_TOGETHER)), map(_hours, cases)),
        "answered": _rows((*map(str, ANSWERED_WITHIN), "more", "none"), [*map(_within, waits), *_none(cases)]),
        "end": _rows((*Reason, "cancelled", "open"), map(_end, cases)),
        "found": _rows(("yes", "no", "silent", "not-asked"), map(_found, cases)),
    }
    shown = protected({name: [count for _, count in rows] for name, rows in counted.items()})
    tables = [
        ReportTable(name, tuple(zip((label for label, _ in rows), shown.tables[name], strict=True)), shown.total)
        for name, rows in counted.items()
    ]
    tables.append(_messages(counts.messages))
    return MonthlyReport(month, tuple(tables), _median(waits), _median(whole), suppressed(counts.reopened))


def _messages(messages: Mapping[str, int]) -> ReportTable:
    counts = [messages.get(route, 0) for route in Route]
    shown = protected({"messages": counts})
    return ReportTable("messages", tuple(zip(map(str, Route), shown.tables["messages"], strict=True)), shown.total)


def _rows(names: Iterable[str], values: Iterable[str]) -> list[tuple[str, int]]:
    """Every name with its number of values. DRILL is a reason, but never counted."""
    counts = Counter(map(str, values))
    return [(str(name), counts[str(name)]) for name in names if name != Reason.DRILL]


def _kinds(cases: Iterable[ReportedCase], kinds: Kinds) -> tuple[KindId, ...]:
    """Every listed kind, and those of cases whose kind is no longer listed."""
    return kinds.in_order((*(kind.id for kind in kinds), *sorted(case.kind for case in cases)))


def _hours(case: ReportedCase) -> str:
    return str(case.opened_at.astimezone(CITY_ZONE).hour // HOURS_TOGETHER * HOURS_TOGETHER)


def _within(wait: timedelta) -> str:
    return next((str(most) for most in ANSWERED_WITHIN if wait <= timedelta(minutes=most)), "more")


def _none(cases: Iterable[ReportedCase]) -> list[str]:
    return ["none" for case in cases if not case.first_answer_at]


def _end(case: ReportedCase) -> str:
    if case.status in OPEN_STATUSES:
        return "open"
    return "cancelled" if case.status is Status.CANCELLED else case.reason


def _found(case: ReportedCase) -> str:
    """The resident's answer to the follow-up question whether they found help."""
    return case.found_help or ("silent" if case.asks else "not-asked")


def _median(spans: Sequence[timedelta]) -> int | None:
    return round(median(span.total_seconds() for span in spans) / 60) if len(spans) >= SMALL else None
