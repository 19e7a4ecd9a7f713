"""Database access: `transaction` for every write, `reading` for every read.

SQLite: one writer thread takes jobs off a queue, runs each in a savepoint, commits them together and only then answers
their callers, so that many callers share one disk sync. PostgreSQL: one pooled connection per transaction.

On PostgreSQL, a transaction that locks several rows locks them in this order:

1. what is being processed: `inbox` (in the order of its lane), `private_pages`; for an account, `staff` and its codes
2. `residents` by id, before their other rows: `lock_resident`, `lock_residents`
3. `cases` by id: `lock_case` and `lock_cases` lock their residents first
4. `outbound`, `inbound`, `unclear`, `talk_codes`, `proposed_checks`, `notices`, `staff_chats`
5. for content: the newest of `revisions` (`lock_newest`), `contents`, the draft, `proofs`
6. `sign_in_failures`, then `audit_head`
7. counters shared by all: `verdicts`, then `counts`

A row that is the target of a foreign key is locked FOR NO KEY UPDATE (`key_share=True`), because an INSERT that refers
to it takes FOR KEY SHARE, as does a second UPDATE of the referring row in one transaction. Only deleting it or changing
a unique column needs FOR UPDATE. Queues are leased with SKIP LOCKED and never wait. Sweeps over a whole table
(`reset_conversations`, `replay_dead_letters`, `_lock_outdated`) follow no order of rows: if one of them, or a
forgotten path, ends in a deadlock, the transaction is run again.
"""

import importlib
import queue
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

log = structlog.get_logger()

try:
    SQLITE: ModuleType = importlib.import_module("pysqlite3.dbapi2")
except ImportError:  # no wheel for this machine: the standard library's module
    SQLITE = sqlite3
_BATCH = 64
_BATCH_SECONDS = 0.025
_BUSY_SECONDS = 15
_TRIES = 6
_LONGEST_BACK_OFF_MS = 20
"""Upper bound of the random delay before the first retry; doubled for each further one."""
_MAY_RUN_AGAIN = frozenset({"40P01", "40001"})
"""SQLSTATE of rollbacks caused by concurrent transactions: deadlock, serialisation failure."""

Result = TypeVar("Result")
Work = Callable[[Connection], Result]


class Store:
    """An open database. Must be closed."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self.writer = writer
        self._reader = reader
        self._group = _GroupWriter(writer) if writer.dialect.name == "sqlite" else None

    def transaction(self, work: Work[Result], *, first: bool = False) -> Result:
        """Run `work` and commit; return its result once it is durable. If it raises, roll back and re-raise.

        `work` must take under a millisecond, without models, files or network. It may run more than once, so it must
        change nothing but the database. `first`: ahead of the waiting jobs.
        """
        if self._group:
            return self._group.run(work, first=first)
        for earlier in range(_TRIES - 1):
            try:
                return self._once(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", "") not in _MAY_RUN_AGAIN:
                    raise
                log.warning("transaction_again", error=type(error.orig).__name__, earlier=earlier)
            time.sleep(secrets.randbelow(_LONGEST_BACK_OFF_MS << earlier) / 1000)
        return self._once(work)

    def _once(self, work: Work[Result]) -> Result:
        with self.writer.begin() as connection:
            return work(connection)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        return Path(self.writer.url.database or "") if self._group else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads, which all see the same snapshot."""
        with self._reader.begin() as connection:
            yield connection

    def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log, which still contains deleted data; skipped while there are readers."""
        if self._group is None:
            return
        connection = self.writer.raw_connection()
        try:
            cursor = connection.cursor()
            # Short, because writers are blocked while it waits for readers.
            cursor.execute("PRAGMA busy_timeout=100")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
            cursor.close()
        finally:
            connection.close()

    def close(self) -> None:
        """Finish what is queued and close all connections."""
        if self._group:
            self._group.stop()
        self.writer.dispose()
        self._reader.dispose()


def open_store(database_url: str) -> Store:
    """Open the database of a `DATABASE_URL`. Creates the SQLite file and its folder, no tables."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return Store(_sqlite(url, begin="BEGIN IMMEDIATE"), _sqlite(url, begin="BEGIN"))
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=True
    )
    # All statements of a read see one snapshot, as on SQLite.
    return Store(engine, engine.execution_options(isolation_level="REPEATABLE READ"))


def sqlite_file(database_url: str) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    url = make_url(database_url)
    return Path(url.database or "data/bot.db") if url.get_backend_name() == "sqlite" else None


def _sqlite(url: URL, begin: str) -> Engine:
    Path(url.database or "data/bot.db").parent.mkdir(parents=True, exist_ok=True)
    connect = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    # Error messages would repeat values, which must not reach the log.
    engine = create_engine(url, module=SQLITE, connect_args=connect, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 -- either SQLite module's connection
        # The driver's own BEGIN is late and deferred; with it, concurrent updates were silently lost.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@dataclass(order=True, frozen=True)
class _Job:
    """A queued job, ordered by rank, then by arrival."""

    rank: int
    number: int
    work: Work[Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


_STOP = 2
"""Rank of the job that ends the thread, after all others."""


class _GroupWriter:
    """The only thread that writes to SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, work: Work[Result], *, first: bool) -> Result:
        """Queue the work and wait until it is durable."""
        future: Future[Result] = Future()
        with self._lock:
            if self._stopped:
                message = "the database is closed"
                raise RuntimeError(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
                self._thread.start()
            self._queue.put(_Job(0 if first else 1, next(self._numbers), work, future))
        return future.result()

    def stop(self) -> None:
        """Finish the queued jobs and end the thread."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._queue.put(_Job(_STOP, next(self._numbers), lambda _: None, Future()))
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            if job.rank == _STOP:
                return
            self._commit(job)

    def _commit(self, job: _Job) -> None:
        """Run this job and other queued ones, each in its own savepoint; commit once; then answer the callers."""
        done: list[_Job] = []
        answers: list[Callable[[], None]] = []
        try:
            with self._engine.begin() as connection:
                for queued in self._batch(job):
                    done.append(queued)
                    answers.append(_attempt(connection, queued.work, queued.future))
        except BaseException as error:  # noqa: BLE001 -- the thread must go on; every caller gets the error
            answers = [partial(failed.future.set_exception, error) for failed in done or [job]]
        for answer in answers:
            answer()

    def _batch(self, job: _Job) -> Iterator[_Job]:
        """Jobs to be committed together: all that are queued, up to a limit of number and time."""
        until = time.monotonic() + _BATCH_SECONDS
        yield job
        for _ in range(_BATCH - 1):
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                return
            if following.rank == _STOP or time.monotonic() > until:
                self._queue.put(following)
                return
            yield following


def _attempt(connection: Connection, work: Work[Any], future: Future[Any]) -> Callable[[], None]:
    """Run one job; returns a function that passes the outcome to the caller, to be called after the commit."""
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
    except BaseException as error:  # noqa: BLE001 -- the error is for this caller only; the other jobs go on
        savepoint.rollback()
        return partial(future.set_exception, error)
    savepoint.commit()
    return partial(future.set_result, result)
