"""How many messages of the month a platform has left: shown at the desk, and spared when they run low."""

from datetime import datetime

from sqlalchemy import Connection

from bot.domain.delivery.channel import Pushes
from bot.domain.switches import FEW_PUSHES, PUSHES_LEFT
from bot.handlers.app_context import AppContext
from bot.storage.staff.audit_rows import CLOCK
from bot.storage.staff.duty_rows import write_switch

_FEW = 0.2


async def watch_push_quota(context: AppContext) -> None:
    """Ask each platform, and keep the answer of the one that has least left."""
    answers = [await channel.pushes() for channel in context.channels.values()]
    known = [each for each in answers if each is not None]
    if not known:
        return
    tightest = min(known, key=_share_left)
    now = context.clock()
    context.store.transaction(lambda connection: _keep(connection, tightest, now))


def _share_left(pushes: Pushes) -> float:
    return 1 - pushes.used / pushes.limit if pushes.limit else 1.0


def _keep(connection: Connection, pushes: Pushes, now: datetime) -> None:
    said = f"{pushes.used} / {pushes.limit}" if pushes.limit else f"{pushes.used}"
    write_switch(connection, PUSHES_LEFT, said, CLOCK, now)
    write_switch(connection, FEW_PUSHES, "yes" if _share_left(pushes) < _FEW else "", CLOCK, now)
