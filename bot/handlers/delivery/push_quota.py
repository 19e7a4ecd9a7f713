"""The monthly push quota of the platforms: shown at the desk; fewer pushes are sent when it runs low."""

from datetime import datetime

from sqlalchemy import Connection

from bot.domain.delivery.channel import Pushes
from bot.domain.switches import FEW_PUSHES, PUSHES_LEFT
from bot.handlers.app_context import AppContext
from bot.storage.staff.audit_rows import CLOCK
from bot.storage.staff.duty_rows import write_switch

_LOW_SHARE = 0.2


async def watch_push_quota(context: AppContext) -> None:
    """Ask each platform, and store the quota of the one with the smallest share left."""
    answers = [await channel.pushes() for channel in context.channels.values()]
    known = [pushes for pushes in answers if pushes is not None]
    if not known:
        return
    tightest = min(known, key=_share_left)
    now = context.clock()
    context.store.transaction(lambda connection: _store(connection, tightest, now))


def _share_left(pushes: Pushes) -> float:
    # Not 1 - used / limit, which is less than a fifth where exactly a fifth is left.
    return (pushes.limit - pushes.used) / pushes.limit if pushes.limit else 1.0


def _store(connection: Connection, pushes: Pushes, now: datetime) -> None:
    shown = f"{pushes.used} / {pushes.limit}" if pushes.limit else f"{pushes.used}"
    write_switch(connection, PUSHES_LEFT, shown, CLOCK, now)
    write_switch(connection, FEW_PUSHES, "yes" if _share_left(pushes) < _LOW_SHARE else "", CLOCK, now)
