"""What has been kept long enough goes: talk without a case after 30 days."""

from datetime import datetime, timedelta

from bot.storage.engine import Store
from bot.storage.message_rows import delete_talk_before

TALK_KEPT = timedelta(days=30)


def purge_talk(store: Store, now: datetime) -> int:
    """Delete messages that belong to no case and are older than 30 days; how many."""
    return store.transaction(lambda connection: delete_talk_before(connection, now - TALK_KEPT))
