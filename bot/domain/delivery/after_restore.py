"""What a database that was set back to an earlier moment may still send. Pure.

What waited when the backup was made may have gone out since. A push under its retry key may be repeated while the
platform knows the key; a group may be left twice. Whatever could have gone out with a ticket, or over a platform that
has no retry keys, is not sent again: nobody can know, and it is shown so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.delivery_rules import RETRY_KEY_LIVES, TICKET_LIVES


@dataclass(frozen=True)
class Pending:
    """A message that waited. `ticket_at`: since when it had a ticket, None where it has none any more."""

    id: str
    written_at: datetime
    ticket_at: datetime | None
    pushed_at: datetime | None
    leaves: bool
    channel: str


def may_go_again(pending: Pending, backed_up_at: datetime | None, now: datetime, know_repeats: Collection[str]) -> bool:
    """Whether sending it cannot make it come twice. `backed_up_at`: None where nobody knows when that was.

    `know_repeats`: the platforms that take a message once under its retry key; over others a repeat is said twice.
    """
    if pending.leaves:
        return True
    if pending.channel not in know_repeats:
        return False
    if pending.ticket_at and (backed_up_at is None or backed_up_at - pending.ticket_at < TICKET_LIVES):
        return False
    return now - (pending.pushed_at or pending.written_at) < RETRY_KEY_LIVES
