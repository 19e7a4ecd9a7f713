"""The database: nothing lost under load, nothing readable in the file, old code and new schema."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

import bot.storage.schema.desk_schema
import bot.storage.schema.studio_schema  # noqa: F401 -- the same  # noqa: F401 -- the same
from bot.storage.engine import Store, open_store
from bot.storage.migrate import is_current, migrate
from bot.storage.schema.column_types import metadata
from bot.storage.schema.residents_and_cases import residents
from bot.storage.sealing import Keyring, SealedBytes, SealedField, SealError

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def _row(name: str) -> dict[str, object]:
    return {"id": name, "channel": "web", "sender": name, "created_at": NOW, "seen_at": NOW}


def test_the_migrations_lead_to_the_schema(store: Store) -> None:
    assert is_current(store)
    migrate(store)
    with store.writer.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_concurrent_updates_are_not_lost(store: Store) -> None:
    """Read, add one, write, by 8 threads at once: a late BEGIN lost three of four of these."""
    with store.writer.begin() as connection:
        connection.execute(text("CREATE TABLE tally (value INTEGER)"))
        connection.execute(text("INSERT INTO tally VALUES (0)"))
    inside, most_inside, gate = 0, 0, threading.Barrier(8)

    def add(connection: Connection) -> None:
        query = (
            "SELECT value FROM tally FOR UPDATE"
            if connection.dialect.name == "postgresql"
            else "SELECT value FROM tally"
        )
        value = connection.execute(text(query)).scalar_one()
        connection.execute(text("UPDATE tally SET value = :value"), {"value": value + 1})

    def many() -> None:
        nonlocal inside, most_inside
        gate.wait()
        for _ in range(25):
            inside += 1
            most_inside = max(most_inside, inside)
            store.transaction(add)
            inside -= 1

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most_inside > 1, "there was no race"
    with store.reading() as connection:
        assert connection.execute(text("SELECT value FROM tally")).scalar_one() == 200


CROSSWISE = {
    "DeadlockDetected": (
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "UPDATE tally SET value = value + 1 WHERE id = :mine",
        "UPDATE tally SET value = value + 1 WHERE id = :other",
    ),
    "SerializationFailure": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SELECT value FROM tally WHERE id IN (:mine, :other)",
        "UPDATE tally SET value = value + 1 WHERE id IN (:mine, :other)",
    ),
}
"""What two transactions do at once, of which PostgreSQL takes one, by the error that the other one gets."""


@pytest.mark.parametrize("error", CROSSWISE)
def test_what_postgresql_rolls_back_because_of_others_runs_again(postgresql_store: Store, error: str) -> None:
    with postgresql_store.writer.begin() as connection:
        connection.execute(text("CREATE TABLE tally (id INTEGER, value INTEGER)"))
        connection.execute(text("INSERT INTO tally VALUES (1, 0), (2, 0)"))
    gate, tries = threading.Barrier(2), {1: 0, 2: 0}

    def add(mine: int) -> None:
        def work(connection: Connection) -> None:
            tries[mine] += 1
            begins, first, second = (text(each) for each in CROSSWISE[error])
            connection.execute(begins)
            connection.execute(first, {"mine": mine, "other": 3 - mine})
            if tries[mine] == 1:
                gate.wait(30)
            connection.execute(second, {"mine": mine, "other": 3 - mine})

        postgresql_store.transaction(work)

    threads = [threading.Thread(target=add, args=(mine,)) for mine in tries]
    with capture_logs() as said:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with postgresql_store.reading() as connection:
        assert connection.execute(text("SELECT value FROM tally")).scalars().all() == [2, 2]
    assert sum(tries.values()) == 2 + len(said)
    assert {(entry["event"], entry["error"]) for entry in said} == {("transaction_again", error)}


@pytest.mark.parametrize(("sqlstate", "most"), [("40P01", 6), ("40001", 6), ("23505", 1)])
def test_a_work_runs_again_a_few_times_and_only_for_what_others_did(
    postgresql_store: Store, sqlstate: str, most: int
) -> None:
    tries = 0

    def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$"))

    with pytest.raises(DBAPIError):
        postgresql_store.transaction(work)
    assert tries == most


def test_one_failing_work_takes_no_other_with_it(store: Store) -> None:
    gate = threading.Barrier(6)
    outcomes: dict[str, str] = {}

    def work_of(name: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            connection.execute(insert(residents).values(_row(name)))
            if name.startswith("bad"):
                message = "on purpose"
                raise ValueError(message)

        return work

    def attempt(name: str) -> None:
        gate.wait()
        try:
            store.transaction(work_of(name))
            outcomes[name] = "kept"
        except ValueError:
            outcomes[name] = "refused"

    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("a", "bad1", "b", "bad2", "c", "bad3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"a": "kept", "b": "kept", "c": "kept", "bad1": "refused", "bad2": "refused", "bad3": "refused"}
    with store.reading() as connection:
        assert sorted(connection.execute(select(residents.c.id)).scalars()) == ["a", "b", "c"]


def test_a_failing_commit_reaches_every_caller(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    with store.writer.begin() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE child (parent INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)")
        )

    def orphan(connection: Connection) -> str:
        connection.execute(text("INSERT INTO child VALUES (7)"))
        return "kept"

    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.transaction(orphan)
    assert store.transaction(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1
    store.close()
    with pytest.raises(RuntimeError, match="closed"):
        store.transaction(orphan)


def test_plain_words_are_refused_by_a_sealed_column(store: Store) -> None:
    def plain(connection: Connection) -> None:
        connection.execute(insert(residents).values(_row("a") | {"conversation": b"plain"}))

    with pytest.raises(Exception, match="SealedBytes"):
        store.transaction(plain)


def test_times_without_a_zone_are_refused(store: Store) -> None:
    def naive(connection: Connection) -> None:
        connection.execute(insert(residents).values(_row("a") | {"seen_at": NOW.replace(tzinfo=None)}))

    with pytest.raises(Exception, match="without a zone"):
        store.transaction(naive)


def test_a_sealed_value_opens_only_in_its_place() -> None:
    keys = Keyring([b"1" * 32])
    place = SealedField("inbound", "row-1", "words")
    sealed = keys.seal(place, "ひみつ")
    assert keys.open(place, sealed) == "ひみつ"
    for other in (
        SealedField("inbound", "row-2", "words"),
        SealedField("outbound", "row-1", "words"),
        SealedField("inbound", "row-1", "x"),
    ):
        with pytest.raises(SealError):
            keys.open(other, sealed)
    changed = SealedBytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(SealError):
        keys.open(place, changed)


def test_keys_rotate() -> None:
    old, new = b"1" * 32, b"2" * 32
    place = SealedField("inbound", "row-1", "words")
    sealed = Keyring([old]).seal(place, "ひみつ")
    both = Keyring([new, old])
    assert both.open(place, sealed) == "ひみつ"
    assert both.seal(place, "x")[:4] != sealed[:4]
    with pytest.raises(SealError, match="CONTENT_KEYS"):
        Keyring([new]).open(place, sealed)


@pytest.mark.parametrize("door", ["writer", "reader"])
def test_what_is_committed_on_sqlite_is_on_the_disk_and_what_is_deleted_is_not(sqlite_store: Store, door: str) -> None:
    """The reply says that a message is safe: after a power cut too."""
    opened = sqlite_store.reading() if door == "reader" else sqlite_store.writer.begin()
    with opened as connection:
        pragmas = ("synchronous", "journal_mode", "foreign_keys", "secure_delete")
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in pragmas}
    assert found == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1}


@pytest.mark.parametrize(("door", "isolation"), [("writer", "read committed"), ("reader", "repeatable read")])
def test_postgresql_answers_when_it_is_on_the_disk(postgresql_store: Store, door: str, isolation: str) -> None:
    opened = postgresql_store.reading() if door == "reader" else postgresql_store.writer.begin()
    with opened as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == isolation
