"""Back up a running bot; restore a backup in place of a lost database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from bot.domain.delivery.after_restore import may_resend
from bot.domain.switches import LAST_BACKUP
from bot.storage.cases.case_rows import cancel_overdue_messages, trigger_waiting_alarms
from bot.storage.conversation.device_rows import delete_all_codes
from bot.storage.conversation.private_rows import delete_all_pages
from bot.storage.delivery.outbox_reads import mark_delivery_unknown, read_pending, suppress_waiting_notices
from bot.storage.delivery.outbox_rows import free_deliveries
from bot.storage.engine import Store
from bot.storage.inbox.inbox_rows import mark_restored
from bot.storage.operations.backup_file import (
    BackupError,
    Contents,
    copy_of_backup,
    copy_rows,
    read_backup,
    write_backup,
)
from bot.storage.operations.database_use import filled_tables, is_in_use, others_connected
from bot.storage.operations.sealed_rows import count_by_key
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import CONSOLE, AuditEntry, add_audit_entry, last_audit_entry
from bot.storage.staff.duty_rows import write_switch
from bot.storage.staff.session_rows import end_every_session
from bot.storage.staff.staff_chat_rows import delete_unbound_chats

BACKUP = "backup"
"""Audit action written before a backup is made, so that the backup contains it."""


@dataclass(frozen=True)
class RestoreSetting:
    """What a backup meets. `know_repeats`: the platforms that take a message once under its retry key."""

    keys: Keyring
    now: datetime
    know_repeats: Collection[str]


@dataclass(frozen=True)
class Restored:
    """Result of a restore, in counts of messages that waited when the backup was made.

    `again`: will be sent; `unknown`: may already have been sent, so they are not; `events`: inbound, not handled yet.
    """

    contents: Contents
    again: int
    unknown: int
    events: int


def back_up(store: Store, file: Path, now: datetime) -> Contents:
    """Write a backup to a file that does not exist yet. Raises BackupError."""
    store.transaction(lambda connection: add_audit_entry(connection, AuditEntry(now, CONSOLE, BACKUP)))
    contents = write_backup(store, file)
    store.transaction(lambda connection: write_switch(connection, LAST_BACKUP, now.isoformat(), CONSOLE, now))
    return contents


def restore_file(backup: Path, target: Path, setting: RestoreSetting, *, force: bool) -> Restored:
    """Replace an SQLite file by a backup, atomically; the old file is kept beside it. Raises BackupError."""
    contents = read_backup(backup)
    if target.exists() and not force:
        message = f"{target} is there already; --force sets it aside and restores in its place"
        raise BackupError(message)
    target.parent.mkdir(parents=True, exist_ok=True)
    prepared = target.with_name(f"{target.name}.restoring")
    store = copy_of_backup(backup, prepared)
    try:
        restored = _prepare_for_start(store, contents, setting)
    except BackupError:
        store.close()
        prepared.unlink()
        raise
    store.close()
    _set_aside(target, setting.now)
    prepared.replace(target)
    return restored


def restore_database(backup: Path, target: Store, setting: RestoreSetting, *, force: bool) -> Restored:
    """Fill a PostgreSQL database of the newest schema from a backup, in one transaction. Raises BackupError."""
    contents = read_backup(backup)
    prepared = backup.with_name(f".{backup.name}.restoring")
    store = copy_of_backup(backup, prepared)
    try:
        restored = _prepare_for_start(store, contents, setting)
        with store.reading() as source, target.writer.begin() as connection:
            _refuse_others(connection, force=force)
            copy_rows(source, connection)
    finally:
        store.close()
        prepared.unlink()
    return restored


def _prepare_for_start(store: Store, contents: Contents, setting: RestoreSetting) -> Restored:
    """Make the copy safe to start from: nothing is sent twice, codes and sessions expire, waiting cases alarm."""
    now = setting.now

    def work(connection: Connection) -> Restored:
        _refuse_unknown_keys(connection, setting.keys)
        made = last_audit_entry(connection, BACKUP)
        pending = read_pending(connection)
        made_at, repeats = made.at if made else None, setting.know_repeats
        unknown = [delivery.id for delivery in pending if not may_resend(delivery, made_at, now, repeats)]
        for delivery_id in unknown:
            mark_delivery_unknown(connection, delivery_id)
        events = mark_restored(connection)
        free_deliveries(connection)
        suppress_waiting_notices(connection)
        trigger_waiting_alarms(connection, now)
        cancel_overdue_messages(connection, now)
        delete_all_pages(connection)
        delete_all_codes(connection)
        end_every_session(connection)
        delete_unbound_chats(connection)
        moment = made.at.isoformat(timespec="seconds") if made else "?"
        add_audit_entry(connection, AuditEntry(now, CONSOLE, "restore", detail=moment))
        return Restored(contents, len(pending) - len(unknown), len(unknown), events)

    return store.transaction(work)


def _refuse_unknown_keys(connection: Connection, keys: Keyring) -> None:
    missing = {key: count for key, count in count_by_key(connection).items() if key not in keys.known}
    if missing:
        listed = ", ".join(f"{key} ({count} values)" for key, count in sorted(missing.items()))
        message = f"CONTENT_KEYS lacks the keys that this backup is sealed with: {listed}. Put them back first"
        raise BackupError(message)


def _set_aside(target: Path, now: datetime) -> None:
    """Rename the existing files. Raises BackupError while a server uses them."""
    if target.exists() and is_in_use(target):
        message = f"a server works on {target}: stop it first"
        raise BackupError(message)
    for suffix in ("", "-wal", "-shm"):
        old_file = target.with_name(target.name + suffix)
        if old_file.exists():
            old_file.rename(target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%S}{suffix}"))


def _refuse_others(connection: Connection, *, force: bool) -> None:
    if others_connected(connection):
        message = "other processes are connected to the database: stop them first"
        raise BackupError(message)
    filled = filled_tables(connection)
    if filled and not force:
        message = f"the database is not empty ({', '.join(filled[:3])}); --force deletes what is in it"
        raise BackupError(message)
