"""A platform told something: keep it, and only then may the door answer 200."""

from collections.abc import Sequence
from functools import partial

from bot.domain.messages import Event
from bot.handlers.house import House
from bot.storage.inbox.inbox_rows import keep_events


def keep(house: House, channel: str, events: Sequence[Event]) -> int:
    """Keep the events that did not come before; how many those are. Raises what the database raises."""
    work = partial(keep_events, keys=house.reception.keys, channel=channel, events=events, received_at=house.now())
    return house.store.transaction(work, first=True)
