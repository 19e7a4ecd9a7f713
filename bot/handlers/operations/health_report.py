"""The state of everything, read for `doctor` and for the desk's own page."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.domain.catalog import Use
from bot.domain.operations.health_findings import HealthFinding, HealthState, health_findings
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import FEW_PUSHES, read_duty_roster, read_staff_reach
from bot.handlers.delivery.push_quota import PUSHES_LEFT
from bot.handlers.operations.backup_restore import LAST_BACKUP
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import count_failed_notices
from bot.storage.delivery.queue_stats import overdue, read_figures
from bot.storage.engine import SQLITE
from bot.storage.migrate import is_current
from bot.storage.operations.clock_skew import clock_off
from bot.storage.operations.sealed_rows import count_by_key
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import broken_link
from bot.storage.staff.duty_rows import read_switch
from bot.storage.staff.staff_rows import list_staff

_STUCK = timedelta(seconds=60)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Deployment:
    """What the database does not know. `file`: of SQLite, None on PostgreSQL; `channels`: that are connected."""

    file: Path | None
    channels: tuple[str, ...]
    is_https: bool
    content_faults: int = 0


def health_report(context: AppContext, premises: Deployment, now: datetime) -> list[HealthFinding]:
    """Everything that was looked at. The database has the newest schema; without it nothing else could be asked."""
    with context.store.reading() as connection:
        return list(health_findings(_state(connection, context, premises, now)))


def _state(connection: Connection, context: AppContext, premises: Deployment, now: datetime) -> HealthState:
    figures, ways = read_figures(connection), read_staff_reach(connection, context)
    accounts = [each for each in list_staff(connection) if not each.is_disabled]
    old, lost = _seals(connection, context.keys)
    last_backup = read_switch(connection, LAST_BACKUP)
    file = premises.file
    lines = context.content.catalog.lines.values()
    return HealthState(
        now=now,
        is_current=is_current(context.store),
        old_seals=old,
        lost_seals=lost,
        sqlite=tuple(map(int, SQLITE.sqlite_version.split("."))) if file else (),
        content_faults=premises.content_faults,
        unconfirmed=sum(1 for line in lines if line.use in {Use.SHIP, Use.UNCONFIRMED}),
        clock_off=clock_off(connection, now),
        broken_link=broken_link(connection),
        last_backup=datetime.fromisoformat(last_backup) if last_backup else None,
        set_aside=len(list(file.parent.glob(f"{file.name}.replaced-*"))) if file else 0,
        free_bytes=shutil.disk_usage(file.parent if file else Path()).free,
        roster=read_duty_roster(connection, context),
        ways=len(ways.chats) + bool(ways.desk_mail) + sum(1 for each in ways.accounts.values() if each.mail),
        accounts=len(accounts),
        admins=sum(1 for each in accounts if each.role is Role.ADMIN),
        dead_letters=figures.dead_letters,
        failed_notices=count_failed_notices(connection, now - _DAY),
        unwatched=sum(1 for case in list_cases(connection, open_only=True) if not case.is_watched),
        unclaimed_since=figures.oldest_unclaimed,
        overdue=overdue(connection, premises.channels, now - _STUCK),
        pushes_left=read_switch(connection, PUSHES_LEFT),
        few_pushes=bool(read_switch(connection, FEW_PUSHES)),
        is_https=premises.is_https,
    )


def _seals(connection: Connection, keys: Keyring) -> tuple[int, int]:
    """(how many values an older key seals, how many have no key)."""
    counts = count_by_key(connection)
    lost = sum(count for key, count in counts.items() if key not in keys.known)
    return counts.total() - counts[keys.newest] - lost, lost
