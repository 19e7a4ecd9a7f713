"""INSERT ... ON CONFLICT for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    """Insert the row unless one of its unique keys is taken; return the number of inserted rows, 0 or 1."""
    make = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = make(table).values(values).on_conflict_do_nothing()
    # Without the option, the row count of an INSERT is -1 on PostgreSQL.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def insert_or_update(
    connection: Connection, table: Table, values: Mapping[str, object], unique: Sequence[str], changed: Sequence[str]
) -> Row[Any]:
    """Insert the row; if its `unique` columns exist, update only the columns `changed`. Returns the row.

    On PostgreSQL the row is then locked FOR NO KEY UPDATE.
    """
    make = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = make(table).values(values)
    set_ = {name: statement.excluded[name] for name in changed}
    return connection.execute(
        statement.on_conflict_do_update(index_elements=unique, set_=set_).returning(*table.c)
    ).one()
