"""The difference between this machine's clock and others, as far as the database shows it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from bot.storage.schema.residents_and_cases import inbox

_EVENTS = 20


def clock_skew(connection: Connection, now: datetime) -> timedelta:
    """How far another clock is ahead: PostgreSQL's, or otherwise the platforms' by their last events.

    An event arrives after it happened: if its time is in the future, this clock is behind by at least the difference.
    """
    if connection.dialect.name == "postgresql":
        database_time: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return database_time.astimezone(UTC) - now
    query = select(inbox.c.happened_at, inbox.c.received_at).order_by(inbox.c.received_at.desc()).limit(_EVENTS)
    differences: list[timedelta] = [row.happened_at - row.received_at for row in connection.execute(query)]
    return max([timedelta(), *differences])
