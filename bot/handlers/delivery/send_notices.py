"""Notices go out to staff by mail and chat; what waits for one chat goes as one, what nobody needs is spared."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.delivery.channel import Outgoing
from bot.domain.delivery.delivery_rules import CHAT, MAIL, Outcome, SendMethod, SendResult
from bot.domain.delivery.notices import ChatReplyKind, Notice, NoticeState, notice_after_attempt
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.dispatcher import rung
from bot.handlers.delivery.render_notices import ChatTarget, RenderedNotices, find_place, write_notice_text
from bot.storage.delivery.notice_rows import NoticeAttempt, QueuedNotice, lease_notices, write_notice
from bot.storage.leases import Lease
from bot.storage.staff.staff_chat_rows import mark_chat_lost, move_lane

log = structlog.get_logger()

_LEASED_FOR = timedelta(seconds=60)
_AT_ONCE = 8


class NoticeSender:
    """One per platform and process, and one for the mail (`way` empty): whoever is down holds up nobody else's."""

    def __init__(self, context: AppContext, way: str) -> None:
        self._context = context
        self._way = way
        self._bell = asyncio.Event()

    async def send_some(self) -> None:
        """Send what is due; without any, wait."""
        batch = await asyncio.to_thread(self._take)
        await asyncio.gather(*(self._send(each) for each in together(batch)))
        if not batch:
            await rung(self._bell)

    def _take(self) -> list[QueuedNotice]:
        now = self._context.clock()
        lease = Lease("", now, now + _LEASED_FOR)
        keys = self._context.keys
        return self._context.store.transaction(
            lambda connection: lease_notices(connection, keys, self._way, lease, _AT_ONCE)
        )

    async def _send(self, bundle: Sequence[QueuedNotice]) -> None:
        written, spared = await asyncio.to_thread(self._write, bundle)
        answered = SendResult(Outcome.REFUSED)
        place: ChatTarget | None = None
        if written.notices:
            ((first, notice), *_) = written.notices
            if first.recipient.startswith(MAIL):
                answered = SendResult(await self._by_mail(first, notice))
            elif place := await asyncio.to_thread(self._place, first.recipient):
                answered = await self._by_chat(place, written)
        await asyncio.to_thread(self._keep, written, spared, answered, place)

    def _write(self, bundle: Sequence[QueuedNotice]) -> tuple[RenderedNotices, list[QueuedNotice]]:
        """The notices in words, and those that nobody needs any more."""
        with self._context.store.reading() as connection:
            found = [(each, write_notice_text(connection, self._context, each)) for each in bundle]
        needed = tuple((each, notice) for each, notice in found if notice)
        return RenderedNotices(needed), [each for each, notice in found if notice is None]

    def _place(self, recipient: str) -> ChatTarget | None:
        with self._context.store.reading() as connection:
            return find_place(connection, self._context, recipient)

    async def _by_mail(self, queued: QueuedNotice, notice: Notice) -> Outcome:
        if self._context.mail is None:
            return Outcome.LATER
        letter = notice.as_letter(queued.id, queued.recipient.removeprefix(MAIL), queued.created_at)
        return await asyncio.to_thread(self._context.mail.send, letter)

    async def _by_chat(self, place: ChatTarget, written: RenderedNotices) -> SendResult:
        """The free answer to a press where there is one; else, or where it is too late for that, a push."""
        ticket = written.notices[0][0].ticket
        way = SendMethod.REPLY if ticket else SendMethod.PUSH
        reply, wording = written.as_reply(self._context), self._context.content.wording()
        outgoing = Outgoing(way, reply, wording, place.address, ticket, written.retry_key, as_text=False)
        answered = await place.channel.send(outgoing)
        if way is SendMethod.REPLY and answered.outcome is not Outcome.ACCEPTED:
            answered = await place.channel.send(replace(outgoing, way=SendMethod.PUSH))
        return answered

    def _keep(
        self, written: RenderedNotices, spared: Sequence[QueuedNotice], answered: SendResult, place: ChatTarget | None
    ) -> None:
        now = self._context.clock()

        def work(connection: Connection) -> str:
            failed = ""
            for queued in spared:
                write_notice(connection, queued, NoticeAttempt(NoticeState.SPARED, now))
            for queued, notice in written.notices:
                state, due = notice_after_attempt(answered, queued.attempts, queued.created_at, now)
                fault = "" if answered.outcome is Outcome.ACCEPTED else str(answered.outcome)
                write_notice(connection, queued, NoticeAttempt(state, due, fault, answered.message, notice.shown))
                failed = queued.recipient.partition(":")[0] if state is NoticeState.FAILED else ""
            if place:
                keep_place(connection, self._context, place, answered)
            return failed

        if failed := self._context.store.transaction(work):
            log.error("alarm_notice_not_delivered", way=failed, fault=str(answered.outcome))


def keep_place(connection: Connection, context: AppContext, place: ChatTarget, answered: SendResult) -> None:
    """What an attempt told of the chat itself: that it has moved, or that nobody can be told there any more."""
    if answered.moved:
        to = (place.channel.lane_of(answered.moved), answered.moved)
        move_lane(connection, context.keys, place.channel.name, place.chat.lane, to)
    elif answered.outcome is Outcome.BLOCKED:
        mark_chat_lost(connection, place.chat.id)
        log.error("alarm_staff_chat_lost", channel=place.channel.name, see="/desk/chats")


def together(batch: Sequence[QueuedNotice]) -> list[list[QueuedNotice]]:
    """What goes out as one: the notices about cases that wait for the same chat."""
    bundles: dict[str, list[QueuedNotice]] = {}
    for each in batch:
        joins = each.recipient.startswith(CHAT) and each.why not in set(ChatReplyKind) and not each.ticket
        bundles.setdefault(each.recipient if joins else each.id, []).append(each)
    return list(bundles.values())
