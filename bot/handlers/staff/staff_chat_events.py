"""Events from staff chats: pairing codes, the claim button, replies to notices, and changes of the chat itself."""

import structlog
from sqlalchemy import Connection

from bot.domain.cases.case_transitions import NotPossibleError
from bot.domain.delivery.staff_notice import CHAT, ChatReplyKind, StaffNotice
from bot.domain.messages import Event, EventKind
from bot.domain.staff.chat_commands import claimed_case, pairing_code
from bot.domain.staff.permissions import NotAllowedError, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import NoSuchCaseError, TakenError, claim_in_transaction
from bot.storage.cases.case_rows import read_case_by_id
from bot.storage.delivery.outbox_reads import find_notice
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.identifiers import hashed
from bot.storage.inbox.inbox_rows import Lane
from bot.storage.staff.staff_chat_rows import (
    StaffChat,
    find_chat,
    find_offer,
    has_offer,
    is_staff_lane,
    mark_lane_lost,
    move_lane,
    write_offer,
)
from bot.storage.staff.staff_rows import find_staff

log = structlog.get_logger()


def handle_staff_event(connection: Connection, context: AppContext, lane: Lane, event: Event) -> bool:
    """Handle the event if it belongs to staff, inside the transaction; returns whether it did."""
    if event.kind in {EventKind.LEAVE, EventKind.MOVE}:
        return _update_chat(connection, context, lane, event)
    if _pair(connection, context, lane, event):
        return True
    chat = find_chat(connection, lane.channel, lane.name)
    if chat and (_claim(connection, context, chat, event) or _answer_reply_to_notice(connection, context, chat, event)):
        return True
    if not event.in_group:
        return False
    return is_staff_lane(connection, lane.channel, lane.name) or has_offer(connection, lane.channel, context.clock())


def _update_chat(connection: Connection, context: AppContext, lane: Lane, event: Event) -> bool:
    """The bot was removed from the chat, or the chat has a new address."""
    if event.kind is EventKind.MOVE:
        to = (context.channels[lane.channel].lane_of(event.person), event.person)
        return move_lane(connection, context.keys, lane.channel, lane.name, to)
    if mark_lane_lost(connection, lane.channel, lane.name):
        log.error("alarm_staff_chat_lost", channel=lane.channel, see="/desk/chats")
    return True


def _pair(connection: Connection, context: AppContext, lane: Lane, event: Event) -> bool:
    code, keys = pairing_code(event.text), context.keys
    offer = find_offer(connection, lane.channel, hashed(code), context.clock()) if code else None
    if offer is None or offer.is_group != event.in_group:
        return False
    write_offer(connection, keys, offer, lane.name, event.person)
    notice = StaffNotice(CHAT + offer.id, ChatReplyKind.PAIRED)
    add_notices(connection, keys, [notice], context.clock(), event.ticket)
    return True


def _answer_reply_to_notice(connection: Connection, context: AppContext, chat: StaffChat, event: Event) -> bool:
    """A reply to a notice is probably meant for the resident: it is not forwarded; a link to the desk is sent back."""
    about = find_notice(connection, CHAT + chat.id, event.quotes) if event.quotes else None
    if about is None:
        return False
    notice = StaffNotice(CHAT + chat.id, ChatReplyKind.AT_DESK, about)
    add_notices(connection, context.keys, [notice], context.clock(), event.ticket)
    return True


def _claim(connection: Connection, context: AppContext, chat: StaffChat, event: Event) -> bool:
    """If the claim button was pressed, claim the case or send the reason why not; returns whether it was pressed."""
    case = claimed_case(event)
    if not case:
        return False
    presser = _presser(connection, chat, event)
    kind, about = ChatReplyKind.BY_LINK, ""
    try:
        if presser:
            claim_in_transaction(connection, context, presser, case)
            kind, about = ChatReplyKind.CLAIMED, presser.id
    except TakenError as error:
        kind, about = ChatReplyKind.TAKEN, error.owner_id
    except (NotAllowedError, NotPossibleError, NoSuchCaseError):
        kind = ChatReplyKind.BY_LINK
    known = case if read_case_by_id(connection, case) else ""  # the button's data may be forged
    notice = StaffNotice(CHAT + chat.id, kind, known, about)
    add_notices(connection, context.keys, [notice], context.clock(), event.ticket)
    return True


def _presser(connection: Connection, chat: StaffChat, event: Event) -> Staff | None:
    """Who pressed the button; in a group, identified by their own paired chat. None if unknown."""
    own = chat if not chat.is_group else find_chat(connection, chat.channel, event.author)
    return find_staff(connection, staff_id=own.staff) if own and own.staff else None
