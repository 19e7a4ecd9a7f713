"""A backup is one SQLite file, whatever the database is: it opens on its own, and can be restored into any database.

Keys are not in it; sealed values stay sealed. A file is written under a temporary name and renamed after it was opened
and read: every file with the name of a backup is a valid one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, delete, insert, select

from bot.storage.engine import SQLITE, Store, open_store
from bot.storage.migrate import is_known, migrate
from bot.storage.schema.every_table import every_table

_FORMAT = b"SQLite format 3\0"
_BATCH = 500


class BackupError(Exception):
    """A backup or restore is not possible; the message says why and what to do."""


@dataclass(frozen=True)
class Contents:
    """A summary of a backup. `revision`: of its schema; `pending`: messages to platforms that wait to be sent."""

    revision: str
    cases: int
    open_cases: int
    messages: int
    pending: int


def write_backup(store: Store, file: Path) -> Contents:
    """A consistent snapshot, while others write. Raises BackupError, and then leaves no file."""
    if file.exists():
        message = f"{file} is there already; name another file"
        raise BackupError(message)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = _private_file(file.with_name(f".{file.name}.unfinished"))
    try:
        with store.reading() as connection:
            if connection.dialect.name == "sqlite":
                _copy_pages(connection.connection.driver_connection, unfinished)
            else:
                _copy_all(connection, unfinished)
        _finish_file(unfinished)
        contents = read_backup(unfinished)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(file.parent)
    return contents


def read_backup(file: Path) -> Contents:
    """Open and verify a backup. Raises BackupError if it is not one, is damaged, or is of a newer version."""
    with _opened(file) as connection:
        try:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            counts = [connection.execute(query).fetchone()[0] for query in _COUNTS]
        except SQLITE.DatabaseError as error:
            message = f"{file} is no backup of this bot, or is damaged ({error})"
            raise BackupError(message) from None
    if verdict != "ok":
        message = f"{file} is damaged ({verdict}); take another backup"
        raise BackupError(message)
    if not is_known(revision):
        message = f"{file} was made by a newer version of the bot (schema {revision}): install that version first"
        raise BackupError(message)
    return Contents(revision, *counts)


_COUNTS = (
    "SELECT count(*) FROM cases",
    "SELECT count(*) FROM cases WHERE status IN ('waiting', 'claimed')",
    "SELECT count(*) FROM inbound",
    # Without notices to staff: a column that every schema has tells them from answers.
    "SELECT count(*) FROM outbound WHERE state IN ('queued', 'unknown') AND inbound_id IS NOT NULL",
)


def copy_of_backup(file: Path, to: Path) -> Store:
    """A working copy of the backup, migrated to the newest schema. Raises BackupError."""
    with _opened(file) as connection:
        _copy_pages(connection, _private_file(to))
    store = open_file(to)
    migrate(store)
    return store


def copy_rows(source: Connection, target: Connection) -> None:
    """Replace all rows of `target` with those of `source`, a database with the same schema."""
    for table in reversed(every_table()):
        target.execute(delete(table))
    for table in every_table():
        rows = source.execution_options(yield_per=_BATCH).execute(select(table))
        for chunk in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in chunk])


def open_file(file: Path) -> Store:
    return open_store(URL.create("sqlite", database=str(file)).render_as_string())


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with file.open("rb") as opened:
            header = opened.read(len(_FORMAT))
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror})"
        raise BackupError(message) from None
    if header != _FORMAT:
        message = f"{file} is no backup of this bot"
        raise BackupError(message)
    connection = SQLITE.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _copy_pages(source: Any, to: Path) -> None:  # noqa: ANN401 -- either SQLite module's connection
    """SQLite's own backup, in one step: concurrent writers do not wait, and their writes are not in it."""
    target = SQLITE.connect(str(to), isolation_level=None)
    try:
        source.backup(target)
    finally:
        target.close()


def _copy_all(source: Connection, to: Path) -> None:
    store = open_file(to)
    try:
        migrate(store)
        with store.writer.begin() as target:
            copy_rows(source, target)
    finally:
        store.close()


def _finish_file(file: Path) -> None:
    """Merge the files of WAL mode into it, and flush it to disk."""
    connection = SQLITE.connect(str(file), isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    with file.open("rb+") as written:
        os.fsync(written.fileno())


def _private_file(file: Path) -> Path:
    """An empty file, readable by the owner only; replaces one that an earlier run left behind."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return file


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
