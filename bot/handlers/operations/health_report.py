"""Collect the state of the deployment for `doctor` and the desk's health page."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.domain.catalog import Use
from bot.domain.operations.health_findings import HealthFinding, HealthState, health_findings
from bot.domain.staff.permissions import Role
from bot.domain.switches import FEW_PUSHES, LAST_BACKUP, PUSHES_LEFT
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import read_duty_roster, read_staff_reach
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import count_failed_notices
from bot.storage.delivery.queue_stats import overdue, read_figures
from bot.storage.engine import SQLITE
from bot.storage.migrate import is_current
from bot.storage.operations.clock_skew import clock_skew
from bot.storage.operations.sealed_rows import count_by_key
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import broken_link
from bot.storage.staff.duty_rows import read_switch
from bot.storage.staff.staff_rows import list_staff

_OVERDUE_AFTER = timedelta(seconds=60)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Deployment:
    """Facts that are not in the database. `file`: of SQLite, None on PostgreSQL; `channels`: the connected ones."""

    file: Path | None
    channels: tuple[str, ...]
    is_https: bool
    content_faults: int = 0


def health_report(context: AppContext, deployment: Deployment, now: datetime) -> list[HealthFinding]:
    """All findings. The database must have the newest schema."""
    with context.store.reading() as connection:
        return list(health_findings(_state(connection, context, deployment, now)))


def _state(connection: Connection, context: AppContext, deployment: Deployment, now: datetime) -> HealthState:
    figures, reach = read_figures(connection), read_staff_reach(connection, context.staff_channels)
    accounts = [account for account in list_staff(connection) if not account.is_disabled]
    old, lost = _seal_counts(connection, context.keys)
    last_backup = read_switch(connection, LAST_BACKUP)
    file = deployment.file
    lines = context.content.catalog.lines.values()
    return HealthState(
        now=now,
        is_current=is_current(context.store),
        old_seals=old,
        lost_seals=lost,
        sqlite=tuple(map(int, SQLITE.sqlite_version.split("."))) if file else (),
        content_faults=deployment.content_faults,
        unconfirmed=sum(1 for line in lines if line.use in {Use.SHIP, Use.UNCONFIRMED}),
        clock_off=clock_skew(connection, now),
        broken_link=broken_link(connection),
        last_backup=datetime.fromisoformat(last_backup) if last_backup else None,
        set_aside=len(list(file.parent.glob(f"{file.name}.replaced-*"))) if file else 0,
        free_bytes=shutil.disk_usage(file.parent if file else Path()).free,
        roster=read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels),
        ways=reach.ways,
        accounts=len(accounts),
        admins=sum(1 for account in accounts if account.role is Role.ADMIN),
        dead_letters=figures.dead_letters,
        failed_notices=count_failed_notices(connection, now - _DAY),
        unwatched=sum(1 for case in list_cases(connection, open_only=True) if not case.is_watched),
        unclaimed_since=figures.oldest_unclaimed,
        overdue=overdue(connection, deployment.channels, now - _OVERDUE_AFTER),
        pushes_left=read_switch(connection, PUSHES_LEFT),
        few_pushes=bool(read_switch(connection, FEW_PUSHES)),
        is_https=deployment.is_https,
    )


def _seal_counts(connection: Connection, keys: Keyring) -> tuple[int, int]:
    """(values sealed with an older key, values whose key is missing)."""
    counts = count_by_key(connection)
    lost = sum(count for key, count in counts.items() if key not in keys.known)
    return counts.total() - counts[keys.newest] - lost, lost
