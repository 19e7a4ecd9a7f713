"""Notices go out to staff by mail and chat; what nobody needs any more is spared."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.cases import shown_number
from bot.domain.delivery import Outcome, Way
from bot.domain.notices import (
    CHAT,
    MAIL,
    Facts,
    Notice,
    NoticeState,
    Told,
    after_attempt,
    is_needed,
    notice_of,
    notice_to_chat,
)
from bot.domain.protocols import Outgoing
from bot.domain.switches import Switch
from bot.handlers.dispatcher import rung
from bot.handlers.house import House
from bot.storage.case_rows import read_case_by_id
from bot.storage.duty_rows import read_switches
from bot.storage.leases import Lease
from bot.storage.message_rows import read_case_words
from bot.storage.notice_rows import QueuedNotice, lease_notices, write_notice
from bot.storage.staff_chat_rows import chat_address, read_chat
from bot.storage.staff_rows import find_staff

log = structlog.get_logger()

_LEASED_FOR = timedelta(seconds=60)
_AT_ONCE = 8


class NoticeSender:
    """One per process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._bell = asyncio.Event()

    async def send_some(self) -> None:
        """Send what is due; without any, wait."""
        batch = await asyncio.to_thread(self._take)
        await asyncio.gather(*(self._send(each) for each in batch))
        if not batch:
            await rung(self._bell)

    def _take(self) -> list[QueuedNotice]:
        now = self._house.now()
        lease = Lease("", now, now + _LEASED_FOR)
        keys = self._house.reception.keys
        return self._house.store.transaction(lambda connection: lease_notices(connection, keys, lease, _AT_ONCE))

    async def _send(self, queued: QueuedNotice) -> None:
        notice = await asyncio.to_thread(self._write, queued)
        if notice is None:
            await asyncio.to_thread(self._keep, queued, None)
            return
        attempt = self._by_mail if queued.recipient.startswith(MAIL) else self._by_chat
        await asyncio.to_thread(self._keep, queued, await attempt(queued, notice))

    def _write(self, queued: QueuedNotice) -> Notice | None:
        """The notice in words; None where nobody needs it any more."""
        with self._house.store.reading() as connection:
            return write_notice_text(connection, self._house, queued)

    async def _by_mail(self, queued: QueuedNotice, notice: Notice) -> Outcome:
        if self._house.post is None:
            return Outcome.LATER
        letter = notice.as_letter(queued.id, queued.recipient.removeprefix(MAIL), queued.created_at)
        return await asyncio.to_thread(self._house.post.send, letter)

    async def _by_chat(self, queued: QueuedNotice, notice: Notice) -> Outcome:
        """The free answer to a press where there is one; else, or where it is too late for that, a push."""
        chat_id, keys = queued.recipient.removeprefix(CHAT), self._house.reception.keys
        with self._house.store.reading() as connection:
            chat, address = read_chat(connection, chat_id), chat_address(connection, keys, chat_id)
        channel = self._house.channels.get(chat.channel) if chat else None
        if channel is None:
            return Outcome.REFUSED
        wording = self._house.wording()
        reply = notice.as_reply(queued.case, wording.say("notice-claim"))
        way = Way.REPLY if queued.ticket else Way.PUSH
        outgoing = Outgoing(way, reply, wording, address, queued.ticket, queued.retry_key, as_text=False)
        outcome = (await channel.send(outgoing)).outcome
        if way is Way.REPLY and outcome is not Outcome.ACCEPTED:
            outcome = (await channel.send(replace(outgoing, way=Way.PUSH))).outcome
        return outcome

    def _keep(self, queued: QueuedNotice, outcome: Outcome | None) -> None:
        now = self._house.now()
        state, due = NoticeState.SPARED, now
        if outcome is not None:
            state, due = after_attempt(outcome, queued.attempts, queued.created_at, now)
        fault = "" if outcome in {None, Outcome.ACCEPTED} else str(outcome)
        self._house.store.transaction(lambda connection: write_notice(connection, queued, state, due, fault))
        if state is NoticeState.FAILED:
            log.error("alarm_notice_not_delivered", way=queued.recipient.partition(":")[0], fault=fault)


def write_notice_text(connection: Connection, house: House, queued: QueuedNotice) -> Notice | None:
    """What a notice says. The words of the resident only where the city has switched that on."""
    wording = house.wording()
    case = read_case_by_id(connection, queued.case) if queued.case else None
    named = find_staff(connection, staff_id=queued.about) if queued.about else None
    name = named.name if named else ""
    link = f"{house.url}/desk/cases/{case.number}" if case else ""
    if queued.why in set(Told):
        number = shown_number(case.number) if case else ""
        return notice_to_chat(wording, Told(queued.why), number=number, name=name, link=link)
    if case is None or not is_needed(case, queued.why):
        return None
    words = ""
    if read_switches(connection).is_on(Switch.NOTICE_WORDS):
        words = (read_case_words(connection, house.reception.keys, case.id) or [""])[-1]
    return notice_of(wording, Facts(case, queued.why, house.now(), link, words, name))
