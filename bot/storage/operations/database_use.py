"""Whether a database is in use, and whether it has content."""

from pathlib import Path

from sqlalchemy import Connection, select

from bot.storage.engine import SQLITE
from bot.storage.schema.every_table import every_table


def is_in_use(file: Path) -> bool:
    """Whether another process has this SQLite file open: leaving WAL mode needs exclusive access."""
    connection = SQLITE.connect(str(file), timeout=0, isolation_level=None)
    try:
        return bool(connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete")
    except SQLITE.OperationalError:
        return True
    except SQLITE.DatabaseError:
        return False  # no database, or a broken one: nobody can be using it
    finally:
        connection.close()


def others_connected(connection: Connection) -> int:
    """How many other clients are connected to this PostgreSQL database."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    return int(connection.exec_driver_sql(query).scalar_one())


def filled_tables(connection: Connection) -> list[str]:
    """The tables with rows, except the one that is filled in a new database."""
    own = [table for table in every_table() if table.name != "audit_head"]
    return [table.name for table in own if connection.execute(select(1).select_from(table).limit(1)).first()]
