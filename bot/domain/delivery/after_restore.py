"""What may still be sent after the database was restored to an earlier moment. Pure.

A message pending in the backup may have been sent since. A push under its retry key may be repeated while the platform
knows the key; a group may be left twice. A message that could have been sent with a ticket, or over a platform without
retry keys, is not sent again: whether it arrived cannot be known, and is shown as unknown.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.delivery_rules import RETRY_KEY_LIFETIME, TICKET_LIFETIME


@dataclass(frozen=True)
class Pending:
    """A pending message. `ticket_at`: when it got its ticket; None if it has none any more."""

    id: str
    written_at: datetime
    ticket_at: datetime | None
    pushed_at: datetime | None
    leaves: bool
    channel: str


def may_resend(pending: Pending, backed_up_at: datetime | None, now: datetime, know_repeats: Collection[str]) -> bool:
    """Whether sending it cannot deliver it twice. `backed_up_at`: time of the backup; None if unknown.

    `know_repeats`: platforms that accept a message only once per retry key; others would deliver a repeat twice.
    """
    if pending.leaves:
        return True
    if pending.channel not in know_repeats:
        return False
    if pending.ticket_at and (backed_up_at is None or backed_up_at - pending.ticket_at < TICKET_LIFETIME):
        return False
    return now - (pending.pushed_at or pending.written_at) < RETRY_KEY_LIFETIME
