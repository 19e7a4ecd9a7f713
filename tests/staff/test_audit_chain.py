"""The chain of the audit covers every column of every row: what is changed, taken out, moved or added shows."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from bot.storage.engine import Store
from bot.storage.schema.desk_schema import audit, audit_head
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry, broken_link, delete_audit_before
from tests.support.manual_clock import TUESDAY_NOON

DAY = timedelta(days=1)
FORGED = {
    "number": "9",
    "at": "'2026-11-24 03:00:01'",
    "staff": "'somebody else'",
    "action": "'case-note'",
    "about": "'another case'",
    "detail": "'another detail'",
    "hash": "'0000'",
}


@pytest.fixture
def trail(sqlite_store: Store) -> Store:
    """Five traces, a day apart."""

    def work(connection: Connection) -> None:
        for day in range(5):
            trace = AuditEntry(TUESDAY_NOON + day * DAY, f"staff{day}", "case-view", f"case{day}", f"detail{day}")
            add_audit_entry(connection, trace)

    sqlite_store.transaction(work)
    assert broken(sqlite_store) == 0
    return sqlite_store


def broken(store: Store) -> int:
    with store.reading() as connection:
        return broken_link(connection)


def change(store: Store, *statements: str) -> int:
    """Change the trail behind the bot's back; where the chain breaks then."""
    for each in statements:
        run(store, each)
    return broken(store)


def run(store: Store, statement: str, **values: object) -> None:
    store.transaction(lambda connection: connection.execute(text(statement), values))


def test_every_column_is_forged_here() -> None:
    assert set(FORGED) == {column.name for column in audit.columns}


@pytest.mark.parametrize(("column", "value"), FORGED.items())
def test_a_changed_column_shows(trail: Store, column: str, value: str) -> None:
    assert change(trail, f"UPDATE audit SET {column} = {value} WHERE number = 3") in {3, 4}  # noqa: S608


@pytest.mark.parametrize("number", range(1, 6))
def test_a_row_that_is_gone_shows(trail: Store, number: int) -> None:
    assert change(trail, f"DELETE FROM audit WHERE number = {number}")  # noqa: S608


def test_rows_that_have_changed_places_show(trail: Store) -> None:
    swap = [
        "UPDATE audit SET number = 99 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 99",
    ]
    assert change(trail, *swap) == 2


def test_the_trail_cut_off_and_numbered_anew_shows(trail: Store) -> None:
    assert change(trail, "DELETE FROM audit WHERE number = 3", "UPDATE audit SET number = number - 1 WHERE number > 3")


def test_a_row_added_by_hand_shows(trail: Store) -> None:
    copy = "INSERT INTO audit SELECT 6, at, staff, action, about, detail, hash FROM audit WHERE number = 5"
    assert change(trail, copy) == 6


def test_the_ends_of_the_chain_are_held(trail: Store) -> None:
    assert trail.transaction(lambda connection: delete_audit_before(connection, TUESDAY_NOON + 2 * DAY, 50)) == 2
    assert broken(trail) == 0
    forged = {"number": "4", "hash": "'0000'", "anchor_number": "1", "anchor_hash": "'0000'"}
    assert set(forged) == {column.name for column in audit_head.columns} - {"id"}
    for column, value in forged.items():
        with trail.reading() as connection:
            before = connection.execute(text(f"SELECT {column} FROM audit_head")).scalar_one()  # noqa: S608
        assert change(trail, f"UPDATE audit_head SET {column} = {value}"), column  # noqa: S608
        run(trail, f"UPDATE audit_head SET {column} = :before", before=before)  # noqa: S608
        assert broken(trail) == 0


def test_what_is_old_goes_to_the_second_and_no_further(trail: Store) -> None:
    assert trail.transaction(lambda connection: delete_audit_before(connection, TUESDAY_NOON, 50)) == 0
    just_after = TUESDAY_NOON + timedelta(seconds=1)
    assert trail.transaction(lambda connection: delete_audit_before(connection, just_after, 50)) == 1
    assert broken(trail) == 0
