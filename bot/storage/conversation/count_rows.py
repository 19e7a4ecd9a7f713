"""Daily counts of messages by outcome: updated with each message, never deleted."""

from collections import Counter
from datetime import date

from sqlalchemy import Connection, func, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.residents_and_cases import counts


def add_count(connection: Connection, day: date, channel: str, name: str) -> None:
    """Increment a count. Must be called last in a transaction, because all messages of a day share the row."""
    row = {"day": day, "channel": channel, "name": name}
    if not insert_if_new(connection, counts, row | {"value": 1}):
        matches = (counts.c.day == day, counts.c.channel == channel, counts.c.name == name)
        connection.execute(update(counts).where(*matches).values(value=counts.c.value + 1))


def read_counts(connection: Connection, first: date, last: date) -> Counter[tuple[str, str]]:
    """Totals by (channel, name) from `first` to `last`, inclusive."""
    query = (
        select(counts.c.channel, counts.c.name, func.sum(counts.c.value))
        .where(counts.c.day.between(first, last))
        .group_by(counts.c.channel, counts.c.name)
    )
    return Counter({(channel, name): int(total) for channel, name, total in connection.execute(query)})
