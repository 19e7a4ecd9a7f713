"""Notices in words: one, or several of one chat as one message."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.domain.cases.case import Case, shown_number
from bot.domain.delivery.channel import Channel
from bot.domain.delivery.delivery_rules import CHAT
from bot.domain.delivery.notices import (
    ChatReplyKind,
    Notice,
    NoticeFacts,
    as_one,
    is_needed,
    notice_now,
    notice_of,
    notice_to_chat,
)
from bot.domain.messages import Reply
from bot.domain.switches import Switch
from bot.handlers.app_context import AppContext
from bot.storage.cases.case_rows import read_case_by_id
from bot.storage.conversation.message_rows import read_case_words
from bot.storage.delivery.notice_rows import QueuedNotice
from bot.storage.staff.duty_rows import read_switches
from bot.storage.staff.staff_chat_rows import StaffChat, chat_address, read_chat
from bot.storage.staff.staff_rows import find_staff

_BUNDLES = uuid.UUID("6f1f0f5e-6f55-4f0e-9a53-0d6b3c1f7a11")
"""The name space of retry keys of several notices that go out as one message."""


@dataclass(frozen=True)
class ChatTarget:
    """A chat of staff, its platform, and where the platform is told to send."""

    chat: StaffChat
    channel: Channel
    address: str


@dataclass(frozen=True)
class RenderedNotices:
    """Notices that go out, or went out, as one message."""

    notices: tuple[tuple[QueuedNotice, Notice], ...]

    @property
    def retry_key(self) -> str:
        """The key under which a platform takes this message once: other notices in it make it another message."""
        if len(self.notices) == 1:
            return self.notices[0][0].retry_key
        return str(uuid.uuid5(_BUNDLES, ",".join(queued.id for queued, _ in self.notices)))

    def as_reply(self, context: AppContext) -> Reply:
        """The message."""
        wording = context.content.wording()
        if len(self.notices) == 1:
            ((queued, notice),) = self.notices
            return notice.as_reply(queued.case, wording.say("notice-claim"))
        return as_one(wording, [(queued.case, notice) for queued, notice in self.notices])


def find_place(connection: Connection, context: AppContext, recipient: str) -> ChatTarget | None:
    """The chat that is this recipient; None where it or its platform is gone."""
    chat = read_chat(connection, recipient.removeprefix(CHAT))
    channel = context.channels.get(chat.channel) if chat else None
    if chat is None or channel is None:
        return None
    return ChatTarget(chat, channel, chat_address(connection, context.keys, chat.id))


def write_notice_text(connection: Connection, context: AppContext, queued: QueuedNotice) -> Notice | None:
    """What a notice says; None where nobody needs it any more. The resident's words only where that is switched on."""
    wording = context.content.wording()
    case = read_case_by_id(connection, queued.case) if queued.case else None
    name = _name(connection, queued.about)
    link = _link(context, case)
    if queued.why in set(ChatReplyKind):
        number = shown_number(case.number) if case else ""
        if queued.why == ChatReplyKind.AT_DESK:
            link = link or f"{context.base_url}/desk"
        return notice_to_chat(wording, ChatReplyKind(queued.why), number=number, name=name, link=link)
    if case is None or not is_needed(case, queued.why):
        return None
    words = ""
    if read_switches(connection).is_on(Switch.NOTICE_WORDS):
        words = (read_case_words(connection, context.keys, case.id) or [""])[-1]
    return notice_of(wording, NoticeFacts(case, queued.why, context.clock(), link, words, name))


def write_anew(connection: Connection, context: AppContext, sent: Sequence[QueuedNotice]) -> RenderedNotices:
    """The notices of a message that was sent, as their cases stand now."""
    found = []
    for queued in sent:
        if case := read_case_by_id(connection, queued.case):
            facts = NoticeFacts(
                case, queued.why, context.clock(), _link(context, case), name=_name(connection, case.owner)
            )
            found.append((queued, notice_now(context.content.wording(), facts)))
    return RenderedNotices(tuple(found))


def _link(context: AppContext, case: Case | None) -> str:
    return f"{context.base_url}/desk/cases/{case.number}" if case else ""


def _name(connection: Connection, staff: str) -> str:
    found = find_staff(connection, staff_id=staff) if staff else None
    return found.name if found else ""
