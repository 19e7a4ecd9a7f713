"""Chats are paired with the desk: a code shown once there, written in the chat, confirmed at the desk."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.delivery.staff_notice import CHAT, ChatReplyKind, StaffNotice
from bot.domain.staff.chat_commands import CODE_DIGITS
from bot.domain.staff.permissions import NotAllowedError, Permission, Staff, require
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.push_quota import PUSHES_LEFT
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.hashes import hashed
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.duty_rows import read_switch
from bot.storage.staff.staff_chat_rows import (
    ChatState,
    NewOffer,
    StaffChat,
    bind_chat,
    drop_chat,
    drop_old_offers,
    list_chats,
    offer_chat,
    read_chat,
)
from bot.storage.staff.staff_rows import list_staff

CODE_LASTS = timedelta(minutes=15)
_KEPT = frozenset({ChatState.BOUND, ChatState.LOST})


@dataclass(frozen=True)
class ChatsView:
    """Everything on the page. `names`: of staff by id. `pushes`: what is left of the platform's month, if known."""

    chats: tuple[StaffChat, ...]
    names: dict[str, str]
    channels: tuple[str, ...]
    pushes: str


def read_chats(context: AppContext, staff: Staff) -> ChatsView:
    """The chats that this member of staff may see: their own, an admin all. Raises NotAllowedError."""
    require(staff, Permission.CLAIM)
    now = context.clock()
    with context.store.reading() as connection:
        chats = [each for each in list_chats(connection) if _may(staff, each.staff)]
        names = {each.id: each.name for each in list_staff(connection)}
        pushes = read_switch(connection, PUSHES_LEFT)
    alive = tuple(each for each in chats if each.state in _KEPT or each.code_until > now)
    return ChatsView(alive, names, tuple(context.channels), pushes)


def offer(context: AppContext, staff: Staff, channel: str, *, for_group: bool) -> str:
    """A code to be written in the chat within 15 minutes. Raises NotAllowedError."""
    require(staff, Permission.KEEP_DUTY if for_group else Permission.CLAIM)
    if channel not in context.channels:
        raise NotAllowedError(channel)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    now = context.clock()
    wanted = NewOffer(channel, "" if for_group else staff.id, hashed(code), now + CODE_LASTS)

    def keep(connection: Connection) -> None:
        drop_old_offers(connection, now)
        offer_chat(connection, wanted, now)
        add_audit_entry(
            connection, AuditEntry(now, staff.id, "chat-offer", wanted.staff, "group" if for_group else "person")
        )

    context.store.transaction(keep)
    return code


def confirm(context: AppContext, staff: Staff, chat_id: str) -> None:
    """The chat in which the code was written is the right one. Raises NotAllowedError."""

    def bind(connection: Connection, chat: StaffChat) -> None:
        if chat.state is not ChatState.WRITTEN:
            raise NotAllowedError(chat.state)
        bind_chat(connection, chat)
        add_notices(connection, context.keys, [StaffNotice(CHAT + chat.id, ChatReplyKind.BOUND)], context.clock())

    _on_chat(context, staff, chat_id, "chat-bind", bind)


def drop(context: AppContext, staff: Staff, chat_id: str) -> None:
    """Nothing is told in this chat any more. Raises NotAllowedError."""
    _on_chat(context, staff, chat_id, "chat-drop", lambda connection, chat: drop_chat(connection, chat.id))


def _on_chat(
    context: AppContext, staff: Staff, chat_id: str, action: str, do: Callable[[Connection, StaffChat], None]
) -> None:
    def work(connection: Connection) -> None:
        chat = read_chat(connection, chat_id)
        if chat is None or not _may(staff, chat.staff):
            raise NotAllowedError(action)
        do(connection, chat)
        add_audit_entry(
            connection,
            AuditEntry(context.clock(), staff.id, action, chat.staff, "group" if chat.is_group else "person"),
        )

    context.store.transaction(work)


def _may(staff: Staff, owner: str) -> bool:
    try:
        require(staff, Permission.CLAIM if owner == staff.id else Permission.KEEP_DUTY)
    except NotAllowedError:
        return False
    return True
