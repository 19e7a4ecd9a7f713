"""What an operator must know: the state of everything, judged. Pure; the sentences stand in `checkup_words`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.cases.duty_roster import DutyRoster

SAFE_SQLITE = (3, 51, 3)
"""Before it, 3.7.0 and later may lose a commit when the write-ahead file is begun anew."""
BACKUP_WANTED = timedelta(hours=26)
BACKUP_MISSED = timedelta(days=7)
LEAST_FREE = 1_000_000_000
CLOCK_OFF = timedelta(seconds=10)
UNCLAIMED = timedelta(hours=1)


class HealthVerdict(StrEnum):
    """How a finding is read."""

    RIGHT = "ok"
    LOOK = ".."
    """No fault; somebody should look at it."""
    ACT = "!!"
    """Somebody must do something now."""


@dataclass(frozen=True)
class HealthFinding:
    """One thing that was looked at. `values` are put into its sentence."""

    name: str
    verdict: HealthVerdict
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class HealthState:
    """Everything as it stands at `now`. Counts unless said otherwise."""

    now: datetime
    is_current: bool
    old_seals: int
    lost_seals: int
    """Values whose key is not there."""
    sqlite: tuple[int, ...]
    """The version of SQLite; empty on PostgreSQL."""
    content_faults: int
    unconfirmed: int
    """Telephone numbers that are said though the city has not confirmed them."""
    clock_off: timedelta
    """How far another clock that we heard of is ahead of ours (negative: behind)."""
    broken_link: int
    last_backup: datetime | None
    set_aside: int
    """Databases that restores have replaced."""
    free_bytes: int
    roster: DutyRoster
    ways: int
    """How many ways there are to tell staff outside the desk."""
    accounts: int
    admins: int
    dead_letters: int
    failed_notices: int
    unwatched: int
    """Open cases without a clock."""
    unclaimed_since: datetime | None
    overdue: str
    pushes_left: str
    few_pushes: bool
    is_https: bool


def health_findings(state: HealthState) -> Iterator[HealthFinding]:
    """Everything that was looked at: residents first, then staff, then the machine."""
    yield from _cases(state)
    yield from _people(state)
    yield from _data(state)
    yield from _machine(state)


def _cases(state: HealthState) -> Iterator[HealthFinding]:
    waits = state.now - state.unclaimed_since if state.unclaimed_since else timedelta()
    yield HealthFinding("unclaimed", _if(waits > UNCLAIMED), {"minutes": int(waits.total_seconds() // 60)})
    yield HealthFinding("unwatched", _if(state.unwatched), {"count": state.unwatched})
    yield HealthFinding("events-aside", _if(state.dead_letters), {"count": state.dead_letters})
    yield HealthFinding("moves", _if(state.overdue), {"what": state.overdue})


def _people(state: HealthState) -> Iterator[HealthFinding]:
    people = state.roster.people
    on_call = [each for each in people if each.on_call and each.is_reached]
    yield HealthFinding("duty", _if(not people), {"count": len(people)})
    yield HealthFinding("on-call", _if(not on_call), {"count": len(on_call)})
    yield HealthFinding("ways", _if(not state.ways), {"count": state.ways})
    yield HealthFinding("failed-notices", _if(state.failed_notices), {"count": state.failed_notices})
    yield HealthFinding("admins", _if(not state.admins), {"count": state.admins, "accounts": state.accounts})
    if state.pushes_left:
        yield HealthFinding("pushes", _if(state.few_pushes, HealthVerdict.LOOK), {"used": state.pushes_left})


def _data(state: HealthState) -> Iterator[HealthFinding]:
    yield HealthFinding("schema", _if(not state.is_current))
    yield HealthFinding("lost-keys", _if(state.lost_seals), {"count": state.lost_seals})
    yield HealthFinding("old-keys", _if(state.old_seals, HealthVerdict.LOOK), {"count": state.old_seals})
    yield HealthFinding("audit", _if(state.broken_link), {"number": state.broken_link})
    yield _backup(state)
    if state.set_aside:
        yield HealthFinding("set-aside", HealthVerdict.LOOK, {"count": state.set_aside})
    yield HealthFinding("content", _if(state.content_faults), {"count": state.content_faults})
    yield HealthFinding("unconfirmed", _if(state.unconfirmed, HealthVerdict.LOOK), {"count": state.unconfirmed})


def _backup(state: HealthState) -> HealthFinding:
    if state.last_backup is None:
        return HealthFinding("no-backup", HealthVerdict.ACT)
    age = state.now - state.last_backup
    verdict = HealthVerdict.ACT if age > BACKUP_MISSED else _if(age > BACKUP_WANTED, HealthVerdict.LOOK)
    return HealthFinding("backup", verdict, {"hours": int(age.total_seconds() // 3600)})


def _machine(state: HealthState) -> Iterator[HealthFinding]:
    if state.sqlite:
        version = ".".join(map(str, state.sqlite))
        yield HealthFinding("sqlite", _if(state.sqlite < SAFE_SQLITE, HealthVerdict.LOOK), {"version": version})
    off = state.clock_off.total_seconds()
    yield HealthFinding("clock", _if(abs(state.clock_off) > CLOCK_OFF), {"seconds": round(off)})
    yield HealthFinding("disk", _if(state.free_bytes < LEAST_FREE), {"megabytes": state.free_bytes // 1_000_000})
    yield HealthFinding("https", _if(not state.is_https, HealthVerdict.LOOK))


def _if(wrong: object, verdict: HealthVerdict = HealthVerdict.ACT) -> HealthVerdict:
    return verdict if wrong else HealthVerdict.RIGHT
