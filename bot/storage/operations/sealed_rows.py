"""Every sealed value of the database: which keys seal them, and sealing them with a new key."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, func, literal, select, update

from bot.storage.schema.column_types import Sealed
from bot.storage.schema.every_table import columns_of, key_column
from bot.storage.sealing import ID_BYTES, Keyring, SealedField, SealError


@dataclass(frozen=True)
class Resealed:
    """The result of one batch. `last`: the row to continue after; empty at the end of the column."""

    done: int
    failed: int
    last: str


def sealed_columns() -> tuple[tuple[Table, str], ...]:
    return tuple(columns_of(Sealed))


def count_by_key(connection: Connection) -> Counter[str]:
    """Number of sealed values by key id (hex)."""
    counts: Counter[str] = Counter()
    for table, name in sealed_columns():
        key = _key_of(table, name)
        query = select(key, func.count()).where(table.c[name].is_not(None)).group_by(key)
        for key_id, count in connection.execute(query):
            counts[bytes(key_id).hex()] += count
    return counts


def reseal_batch(connection: Connection, keys: Keyring, place: tuple[Table, str], after: str, most: int) -> Resealed:
    """Reseal up to `most` values of a column with the newest key. Values that cannot be opened stay."""
    table, name = place
    row_key = table.c[key_column(table)]
    old = _key_of(table, name) != literal(bytes.fromhex(keys.newest), LargeBinary)
    query = select(row_key, table.c[name]).where(table.c[name].is_not(None), old, row_key > after)
    rows = connection.execute(query.order_by(row_key).limit(most).with_for_update(key_share=True)).all()
    failed = 0
    for row, sealed in rows:
        field = SealedField(table.name, row, name)
        try:
            resealed = keys.seal(field, keys.open(field, sealed))
        except SealError:
            failed += 1
            continue
        connection.execute(update(table).where(row_key == row).values({name: resealed}))
    return Resealed(len(rows) - failed, failed, rows[-1][0] if len(rows) == most else "")


def _key_of(table: Table, name: str) -> ColumnElement[bytes]:
    return func.substr(table.c[name], 1, ID_BYTES, type_=LargeBinary)
