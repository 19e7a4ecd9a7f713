"""How many messages of a day came to which end: written with each message, kept for ever."""

from collections import Counter
from datetime import date

from sqlalchemy import Connection, func, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.residents_and_cases import counts


def add_count(connection: Connection, day: date, channel: str, name: str) -> None:
    """One more. Called last in a transaction: the row is shared by everybody who writes on that day."""
    row = {"day": day, "channel": channel, "name": name}
    if not insert_if_new(connection, counts, row | {"value": 1}):
        mine = (counts.c.day == day, counts.c.channel == channel, counts.c.name == name)
        connection.execute(update(counts).where(*mine).values(value=counts.c.value + 1))


def read_counts(connection: Connection, first: date, last: date) -> Counter[tuple[str, str]]:
    """(channel, name) to how many, over these days."""
    query = (
        select(counts.c.channel, counts.c.name, func.sum(counts.c.value))
        .where(counts.c.day.between(first, last))
        .group_by(counts.c.channel, counts.c.name)
    )
    return Counter({(channel, name): int(total) for channel, name, total in connection.execute(query)})
