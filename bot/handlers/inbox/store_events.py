"""Store webhook events; only then may the webhook answer 200."""

from collections.abc import Sequence
from functools import partial

from bot.domain.messages import Event
from bot.handlers.app_context import AppContext
from bot.storage.inbox.inbox_rows import insert_events


def store_events(context: AppContext, channel: str, events: Sequence[Event]) -> int:
    """Store the events that are new, and return their number. Raises SQLAlchemyError."""
    work = partial(insert_events, keys=context.keys, channel=channel, events=events, received_at=context.clock())
    return context.store.transaction(work, first=True)
