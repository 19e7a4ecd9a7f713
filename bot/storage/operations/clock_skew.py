"""Other clocks than ours, as far as the database knows of them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from bot.storage.schema.residents_and_cases import inbox

_EVENTS = 20


def clock_off(connection: Connection, now: datetime) -> timedelta:
    """How far another clock is ahead of ours: PostgreSQL's, else the platforms' as their last events tell it.

    An event arrives after it happened: one from our future says that we are late by at least so much.
    """
    if connection.dialect.name == "postgresql":
        theirs: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return theirs.astimezone(UTC) - now
    query = select(inbox.c.happened_at, inbox.c.received_at).order_by(inbox.c.received_at.desc()).limit(_EVENTS)
    late: list[timedelta] = [row.happened_at - row.received_at for row in connection.execute(query)]
    return max([timedelta(), *late])
