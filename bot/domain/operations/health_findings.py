"""Judge the state of the deployment for operators. Pure; the sentences are in `health_texts`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.cases.duty_roster import DutyRoster

SAFE_SQLITE = (3, 51, 3)
"""Versions from 3.7.0 up to this one may lose a commit when the write-ahead log is restarted."""
BACKUP_DUE = timedelta(hours=26)
BACKUP_OVERDUE = timedelta(days=7)
MIN_FREE_BYTES = 1_000_000_000
MAX_CLOCK_SKEW = timedelta(seconds=10)
MAX_UNCLAIMED = timedelta(hours=1)


class HealthVerdict(StrEnum):
    RIGHT = "ok"
    LOOK = ".."
    """Not a fault, but worth a look."""
    ACT = "!!"
    """Needs action now."""


@dataclass(frozen=True)
class HealthFinding:
    """Result of one check. `values` fill the placeholders of its sentence."""

    name: str
    verdict: HealthVerdict
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class HealthState:
    """Everything the checks need, at `now`. Integers are counts unless stated otherwise."""

    now: datetime
    is_current: bool
    old_seals: int
    lost_seals: int
    """Values whose key is missing."""
    sqlite: tuple[int, ...]
    """The version of SQLite; empty on PostgreSQL."""
    content_faults: int
    unconfirmed: int
    """Phone numbers shown to residents without the city's confirmation."""
    clock_off: timedelta
    """How far the clock of another machine is ahead of ours (negative: behind)."""
    broken_link: int
    last_backup: datetime | None
    set_aside: int
    """Old databases left by restores."""
    free_bytes: int
    roster: DutyRoster
    ways: int
    """Mail addresses and chats that reach staff outside the desk."""
    accounts: int
    admins: int
    dead_letters: int
    failed_notices: int
    unwatched: int
    """Open cases with neither owner nor alarm."""
    unclaimed_since: datetime | None
    overdue: str
    pushes_left: str
    few_pushes: bool
    is_https: bool


def health_findings(state: HealthState) -> Iterator[HealthFinding]:
    """All checks: residents first, then staff, then the machine."""
    yield from _cases(state)
    yield from _people(state)
    yield from _data(state)
    yield from _machine(state)


def _cases(state: HealthState) -> Iterator[HealthFinding]:
    waits = state.now - state.unclaimed_since if state.unclaimed_since else timedelta()
    yield HealthFinding("unclaimed", _verdict(waits > MAX_UNCLAIMED), {"minutes": int(waits.total_seconds() // 60)})
    yield HealthFinding("unwatched", _verdict(state.unwatched), {"count": state.unwatched})
    yield HealthFinding("events-aside", _verdict(state.dead_letters), {"count": state.dead_letters})
    yield HealthFinding("moves", _verdict(state.overdue), {"what": state.overdue})


def _people(state: HealthState) -> Iterator[HealthFinding]:
    people = state.roster.people
    on_call = [person for person in people if person.on_call and person.is_reached]
    yield HealthFinding("duty", _verdict(not people), {"count": len(people)})
    yield HealthFinding("on-call", _verdict(not on_call), {"count": len(on_call)})
    yield HealthFinding("ways", _verdict(not state.ways), {"count": state.ways})
    yield HealthFinding("failed-notices", _verdict(state.failed_notices), {"count": state.failed_notices})
    yield HealthFinding("admins", _verdict(not state.admins), {"count": state.admins, "accounts": state.accounts})
    if state.pushes_left:
        yield HealthFinding("pushes", _verdict(state.few_pushes, HealthVerdict.LOOK), {"used": state.pushes_left})


def _data(state: HealthState) -> Iterator[HealthFinding]:
    yield HealthFinding("schema", _verdict(not state.is_current))
    yield HealthFinding("lost-keys", _verdict(state.lost_seals), {"count": state.lost_seals})
    yield HealthFinding("old-keys", _verdict(state.old_seals, HealthVerdict.LOOK), {"count": state.old_seals})
    yield HealthFinding("audit", _verdict(state.broken_link), {"number": state.broken_link})
    yield _backup(state)
    if state.set_aside:
        yield HealthFinding("set-aside", HealthVerdict.LOOK, {"count": state.set_aside})
    yield HealthFinding("content", _verdict(state.content_faults), {"count": state.content_faults})
    yield HealthFinding("unconfirmed", _verdict(state.unconfirmed, HealthVerdict.LOOK), {"count": state.unconfirmed})


def _backup(state: HealthState) -> HealthFinding:
    if state.last_backup is None:
        return HealthFinding("no-backup", HealthVerdict.ACT)
    age = state.now - state.last_backup
    verdict = HealthVerdict.ACT if age > BACKUP_OVERDUE else _verdict(age > BACKUP_DUE, HealthVerdict.LOOK)
    return HealthFinding("backup", verdict, {"hours": int(age.total_seconds() // 3600)})


def _machine(state: HealthState) -> Iterator[HealthFinding]:
    if state.sqlite:
        version = ".".join(map(str, state.sqlite))
        yield HealthFinding("sqlite", _verdict(state.sqlite < SAFE_SQLITE, HealthVerdict.LOOK), {"version": version})
    off = state.clock_off.total_seconds()
    yield HealthFinding("clock", _verdict(abs(state.clock_off) > MAX_CLOCK_SKEW), {"seconds": round(off)})
    yield HealthFinding(
        "disk", _verdict(state.free_bytes < MIN_FREE_BYTES), {"megabytes": state.free_bytes // 1_000_000}
    )
    yield HealthFinding("https", _verdict(not state.is_https, HealthVerdict.LOOK))


def _verdict(wrong: object, verdict: HealthVerdict = HealthVerdict.ACT) -> HealthVerdict:
    return verdict if wrong else HealthVerdict.RIGHT
