"""Pair a chat with the desk: a code is shown once at the desk, written in the chat, confirmed at the desk."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.delivery.staff_notice import CHAT, ChatReplyKind, StaffNotice
from bot.domain.staff.chat_commands import CODE_DIGITS
from bot.domain.staff.permissions import NotAllowedError, Permission, Staff, require
from bot.domain.switches import PUSHES_LEFT
from bot.handlers.app_context import AppContext
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.identifiers import hashed
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.duty_rows import read_switch
from bot.storage.staff.staff_chat_rows import (
    ChatState,
    NewOffer,
    StaffChat,
    bind_chat,
    delete_chat,
    delete_expired_offers,
    list_chats,
    offer_chat,
    read_chat,
)
from bot.storage.staff.staff_rows import list_staff

CODE_VALID_FOR = timedelta(minutes=15)
_PERMANENT = frozenset({ChatState.BOUND, ChatState.LOST})


@dataclass(frozen=True)
class ChatsView:
    """`names`: of staff by id. `pushes`: what is left of the platform's monthly quota, empty if unknown."""

    chats: tuple[StaffChat, ...]
    names: dict[str, str]
    channels: tuple[str, ...]
    pushes: str


def read_chats(context: AppContext, staff: Staff) -> ChatsView:
    """Own chats, or all for an admin."""
    now = context.clock()
    with context.store.reading() as connection:
        chats = [chat for chat in list_chats(connection) if _may_manage(staff, chat.staff)]
        names = {account.id: account.name for account in list_staff(connection)}
        pushes = read_switch(connection, PUSHES_LEFT)
    current = tuple(chat for chat in chats if chat.state in _PERMANENT or chat.code_until > now)
    return ChatsView(current, names, tuple(context.channels), pushes)


def offer(context: AppContext, staff: Staff, channel: str, *, for_group: bool) -> str:
    """A new code, to be written in the chat within `CODE_VALID_FOR`. Raises NotAllowedError."""
    require(staff, Permission.KEEP_DUTY if for_group else Permission.CLAIM)
    if channel not in context.channels:
        raise NotAllowedError(channel)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    now = context.clock()
    new_offer = NewOffer(channel, "" if for_group else staff.id, hashed(code), now + CODE_VALID_FOR)

    def insert(connection: Connection) -> None:
        delete_expired_offers(connection, now)
        offer_chat(connection, new_offer, now)
        add_audit_entry(
            connection, AuditEntry(now, staff.id, "chat-offer", new_offer.staff, "group" if for_group else "person")
        )

    context.store.transaction(insert)
    return code


def confirm(context: AppContext, staff: Staff, chat_id: str) -> None:
    """Bind the chat in which the code was written. Raises NotAllowedError."""

    def bind(connection: Connection, chat: StaffChat) -> None:
        if chat.state is not ChatState.WRITTEN:
            raise NotAllowedError(chat.state)
        bind_chat(connection, chat)
        add_notices(connection, context.keys, [StaffNotice(CHAT + chat.id, ChatReplyKind.BOUND)], context.clock())

    _change_chat(context, staff, chat_id, "chat-bind", bind)


def drop(context: AppContext, staff: Staff, chat_id: str) -> None:
    """Unpair the chat. Raises NotAllowedError."""
    _change_chat(context, staff, chat_id, "chat-drop", lambda connection, chat: delete_chat(connection, chat.id))


def _change_chat(
    context: AppContext, staff: Staff, chat_id: str, action: str, change: Callable[[Connection, StaffChat], None]
) -> None:
    def work(connection: Connection) -> None:
        chat = read_chat(connection, chat_id)
        if chat is None or not _may_manage(staff, chat.staff):
            raise NotAllowedError(action)
        change(connection, chat)
        add_audit_entry(
            connection,
            AuditEntry(context.clock(), staff.id, action, chat.staff, "group" if chat.is_group else "person"),
        )

    context.store.transaction(work)


def _may_manage(staff: Staff, owner: str) -> bool:
    try:
        require(staff, Permission.CLAIM if owner == staff.id else Permission.KEEP_DUTY)
    except NotAllowedError:
        return False
    return True
