"""Notices in chats say what holds: when a case is taken, put back or ended, anywhere, its messages are written anew."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.delivery.channel import Outgoing
from bot.domain.delivery.delivery_rules import Outcome, SendMethod, SendResult
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.render_notices import ChatTarget, RenderedNotices, find_place, write_anew
from bot.handlers.delivery.send_notices import keep_place
from bot.storage.delivery.notice_rows import QueuedNotice, lease_untrue, postpone_amending, write_amended
from bot.storage.leases import Lease

_LEASED_FOR = timedelta(seconds=60)
_AGAIN_AFTER = timedelta(seconds=30)
_AT_ONCE = 8
_LOOK_AGAIN = 1.0
_FINAL = frozenset({Outcome.ACCEPTED, Outcome.REFUSED, Outcome.BLOCKED})
"""After these nothing is tried again: somebody may have deleted the message."""


class SentNoticeUpdater:
    """One per process."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    async def update_some(self) -> None:
        """Write anew what does not hold any more; without any, wait."""
        batch = await asyncio.to_thread(self._take)
        await asyncio.gather(*(self._amend(each) for each in batch))
        if not batch:
            await asyncio.sleep(_LOOK_AGAIN)

    def _take(self) -> list[list[QueuedNotice]]:
        now, keys = self._context.clock(), self._context.keys
        lease = Lease("", now, now + _LEASED_FOR)
        return self._context.store.transaction(lambda connection: lease_untrue(connection, keys, lease, _AT_ONCE))

    async def _amend(self, sent: Sequence[QueuedNotice]) -> None:
        place, written = await asyncio.to_thread(self._write, sent)
        answered = SendResult(Outcome.REFUSED)
        if place and written.notices:
            reply, wording, message = written.as_reply(self._context), self._context.content.wording(), sent[0].message
            outgoing = Outgoing(SendMethod.AMEND, reply, wording, place.address, "", "", as_text=False, message=message)
            answered = await place.channel.send(outgoing)
        await asyncio.to_thread(self._keep, written, answered, place)

    def _write(self, sent: Sequence[QueuedNotice]) -> tuple[ChatTarget | None, RenderedNotices]:
        with self._context.store.reading() as connection:
            return find_place(connection, self._context, sent[0].recipient), write_anew(connection, self._context, sent)

    def _keep(self, written: RenderedNotices, answered: SendResult, place: ChatTarget | None) -> None:
        now = self._context.clock()

        def work(connection: Connection) -> None:
            if answered.outcome in _FINAL:
                write_amended(connection, [(queued.id, notice.shown) for queued, notice in written.notices], now)
            else:
                again = now + (answered.wait or _AGAIN_AFTER)
                postpone_amending(connection, [queued.id for queued, _ in written.notices], again)
            if place:
                keep_place(connection, self._context, place, answered)

        self._context.store.transaction(work)
