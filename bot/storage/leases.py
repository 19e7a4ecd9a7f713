"""Who works on a row, and for how long: a worker that dies lets go by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, or_, update


@dataclass(frozen=True)
class Lease:
    """Taken `now` by a worker, good `until` then."""

    by: str
    now: datetime
    until: datetime


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """Nobody works on the row, or who did has not ended in time."""
    return or_(table.c.leased_until.is_(None), table.c.leased_until <= now)


def lock_free(query: Select[Any], table: Table, now: datetime) -> Select[Any]:
    """The query's rows (of the table, whatever is joined) that are free and that nobody takes just now, locked."""
    return query.where(is_free(table, now)).with_for_update(skip_locked=True, of=table)


def hold(connection: Connection, table: Table, rows: Sequence[Row[Any]], lease: Lease, **values: object) -> None:
    """Write the lease, and what changes with it, into rows that are locked."""
    if rows:
        (key,) = table.primary_key.columns
        mine = key.in_([row._mapping[key] for row in rows])  # noqa: SLF001 -- SQLAlchemy's own name for it
        connection.execute(update(table).where(mine).values(leased_until=lease.until, **values))


def free_all(connection: Connection, table: Table) -> None:
    """Forget who works on what: for a start where nobody else can be at work (SQLite), and after a restore."""
    connection.execute(update(table).where(table.c.leased_until.is_not(None)).values(leased_until=None))
