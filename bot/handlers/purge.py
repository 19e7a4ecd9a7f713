"""What has been kept long enough goes: talk without a case after 30 days, and the keys of events that were handled."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.storage.engine import Store
from bot.storage.inbox_rows import delete_done_before
from bot.storage.message_rows import delete_talk_before
from bot.storage.unclear_rows import delete_unclear_before

TALK_KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=30)
"""For so long an event that comes again is known to have come before."""


def purge_kept(store: Store, now: datetime) -> int:
    """Delete what is more than 30 days old: messages of no case, keys of handled events. How many messages."""

    def work(connection: Connection) -> int:
        delete_done_before(connection, now - EVENTS_KEPT)
        delete_unclear_before(connection, now - TALK_KEPT)
        return delete_talk_before(connection, now - TALK_KEPT)

    return store.transaction(work)
