"""All tables of all schema modules, for operations on the whole database."""

from collections.abc import Iterator

from sqlalchemy import Table

import bot.storage.schema.desk_schema
import bot.storage.schema.studio_schema  # noqa: F401 -- the same
from bot.storage.schema.column_types import metadata


def every_table() -> tuple[Table, ...]:
    """Every table, referenced tables before the tables that reference them."""
    return tuple(metadata.sorted_tables)


def key_column(table: Table) -> str:
    """The name of the table's key column."""
    return next(iter(table.primary_key.columns)).name


def columns_of(type_: type) -> Iterator[tuple[Table, str]]:
    """Every column of a type, by table."""
    for table in every_table():
        yield from ((table, column.name) for column in table.columns if isinstance(column.type, type_))
