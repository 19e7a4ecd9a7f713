"""Leases on rows: a worker holds a row until a time, so that a dead worker's lease expires."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, or_, update


@dataclass(frozen=True)
class Lease:
    """A lease taken by a worker at `now`, valid until `until`."""

    by: str
    now: datetime
    until: datetime


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """The row has no lease, or an expired one."""
    return or_(table.c.leased_until.is_(None), table.c.leased_until <= now)


def lock_unleased(query: Select[Any], table: Table, now: datetime) -> Select[Any]:
    """Restrict the query to rows of `table` that are neither leased nor locked, and lock them."""
    return query.where(is_free(table, now)).with_for_update(skip_locked=True, of=table)


def write_lease(connection: Connection, table: Table, rows: Sequence[Row[Any]], lease: Lease, **values: object) -> None:
    """Write the lease and other `values` into locked rows."""
    if rows:
        (key,) = table.primary_key.columns
        matches = key.in_([row._mapping[key] for row in rows])  # noqa: SLF001 -- SQLAlchemy's own name for it
        connection.execute(update(table).where(matches).values(leased_until=lease.until, **values))


def free_all(connection: Connection, table: Table) -> None:
    """Delete all leases: at a start without other processes (SQLite), and after a restore."""
    connection.execute(update(table).where(table.c.leased_until.is_not(None)).values(leased_until=None))
