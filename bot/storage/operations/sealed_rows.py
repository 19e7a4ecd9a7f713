"""Every sealed value of the database, wherever it stands: which keys seal them, and sealing them anew."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, func, literal, select, update

from bot.storage.schema.column_types import Sealed
from bot.storage.schema.every_table import columns_of, key_column
from bot.storage.sealing import ID_BYTES, Keyring, SealedField, SealError


@dataclass(frozen=True)
class Resealed:
    """What became of one batch. `last`: the row to go on after; empty at the end of the column."""

    done: int
    failed: int
    last: str


def sealed_places() -> tuple[tuple[Table, str], ...]:
    """Every column that holds sealed values."""
    return tuple(columns_of(Sealed))


def count_by_key(connection: Connection) -> Counter[str]:
    """How many values each key seals, by the key's id as hex."""
    counts: Counter[str] = Counter()
    for table, name in sealed_places():
        key = _key_of(table, name)
        query = select(key, func.count()).where(table.c[name].is_not(None)).group_by(key)
        for key_id, count in connection.execute(query):
            counts[bytes(key_id).hex()] += count
    return counts


def reseal_some(connection: Connection, keys: Keyring, place: tuple[Table, str], after: str, most: int) -> Resealed:
    """Seal with the newest key up to `most` values of a column that an older one seals. What does not open stays."""
    table, name = place
    row_key = table.c[key_column(table)]
    old = _key_of(table, name) != literal(bytes.fromhex(keys.newest), LargeBinary)
    query = select(row_key, table.c[name]).where(table.c[name].is_not(None), old, row_key > after)
    rows = connection.execute(query.order_by(row_key).limit(most).with_for_update(key_share=True)).all()
    failed = 0
    for row, sealed in rows:
        here = SealedField(table.name, row, name)
        try:
            fresh = keys.seal(here, keys.open(here, sealed))
        except SealError:
            failed += 1
            continue
        connection.execute(update(table).where(row_key == row).values({name: fresh}))
    return Resealed(len(rows) - failed, failed, rows[-1][0] if len(rows) == most else "")


def _key_of(table: Table, name: str) -> ColumnElement[bytes]:
    return func.substr(table.c[name], 1, ID_BYTES, type_=LargeBinary)
