"""Render notices to staff just before they are sent or updated, so that they show the current state."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.cases.case import Case, shown_number
from bot.domain.delivery.delivery_rules import Delivery, OutboundState, SendMethod
from bot.domain.delivery.notices import (
    Notice,
    NoticeFacts,
    as_one,
    is_needed,
    notice_now,
    notice_of,
    notice_to_chat,
)
from bot.domain.delivery.staff_notice import MAIL, ChatReplyKind, StaffNotice
from bot.domain.messages import Reply
from bot.domain.switches import Switch
from bot.domain.wording import Wording
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.deliver import Attempt
from bot.storage.cases.case_rows import read_case_by_id
from bot.storage.conversation.message_rows import read_case_words
from bot.storage.sealing import Keyring
from bot.storage.staff.duty_rows import read_switches
from bot.storage.staff.staff_rows import find_staff


def render(context: AppContext, attempt: Attempt) -> Attempt:
    """Add the text to the attempt; notices that are no longer needed are marked as spared."""
    deliveries: list[Delivery] = []
    texts: list[tuple[StaffNotice, Notice]] = []
    with context.store.reading() as connection:
        for delivery in attempt.deliveries:
            if delivery.notice and (text := _text(connection, context, delivery.notice, attempt.way)):
                deliveries.append(replace(delivery, says=text.shown))
                texts.append((delivery.notice, text))
            else:
                deliveries.append(replace(delivery, state=OutboundState.SPARED))
    rendered = replace(attempt, deliveries=tuple(deliveries))
    if texts and texts[0][0].is_mail:
        ((notice, text),), first = texts, attempt.delivery
        letter = text.as_letter(first.id, notice.recipient.removeprefix(MAIL), first.written_at)
        return replace(rendered, letter=letter)
    return replace(rendered, reply=_as_reply(context.content.wording(), texts)) if texts else rendered


def _as_reply(wording: Wording, texts: list[tuple[StaffNotice, Notice]]) -> Reply:
    if len(texts) > 1:
        return as_one(wording, [(notice.case, text) for notice, text in texts])
    ((notice, text),) = texts
    return text.as_reply(notice.case, wording.say("notice-claim"))


def _text(connection: Connection, context: AppContext, notice: StaffNotice, way: SendMethod) -> Notice | None:
    """The text of a notice; None if it is no longer needed."""
    case = read_case_by_id(connection, notice.case) if notice.case else None
    if not notice.is_news:
        return _to_chat(connection, context, notice, case)
    if case is None or not (way is SendMethod.AMEND or is_needed(case, notice.why)):
        return None
    wording, link = context.content.wording(), _link(context.base_url, case)
    if way is SendMethod.AMEND:
        name = _name(connection, case.owner)
        return notice_now(wording, NoticeFacts(case, notice.why, context.clock(), link, name=name))
    words, name = _last_message(connection, context.keys, case), _name(connection, notice.about)
    return notice_of(wording, NoticeFacts(case, notice.why, context.clock(), link, words, name))


def _to_chat(connection: Connection, context: AppContext, notice: StaffNotice, case: Case | None) -> Notice:
    kind = ChatReplyKind(notice.why)
    link = _link(context.base_url, case)
    if kind is ChatReplyKind.AT_DESK:
        link = link or f"{context.base_url}/desk"
    number, name = shown_number(case.number) if case else "", _name(connection, notice.about)
    return notice_to_chat(context.content.wording(), kind, number=number, name=name, link=link)


def _last_message(connection: Connection, keys: Keyring, case: Case) -> str:
    """The resident's last message, if the city has switched that on."""
    if not read_switches(connection).is_on(Switch.NOTICE_WORDS):
        return ""
    return (read_case_words(connection, keys, case.id) or [""])[-1]


def _link(base_url: str, case: Case | None) -> str:
    return f"{base_url}/desk/cases/{case.number}" if case else ""


def _name(connection: Connection, staff: str) -> str:
    account = find_staff(connection, staff_id=staff) if staff else None
    return account.name if account else ""
