"""A one-time form on our own page, for what a resident should not write on a platform. Belongs to one case."""

from sqlalchemy import Connection

from bot.domain.messages import EventKind, Inbound
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.receive_message import TakenElsewhereError, receive
from bot.storage.cases.case_rows import read_case_by_id
from bot.storage.conversation.message_rows import number_of_event
from bot.storage.conversation.private_rows import case_of_page, use_page
from bot.storage.conversation.resident_rows import account_of
from bot.storage.identifiers import hashed


class PageOverError(Exception):
    """The page was used, has expired, or does not exist."""


def is_page_there(context: AppContext, token: str) -> bool:
    with context.store.reading() as connection:
        return bool(case_of_page(connection, hashed(token), context.clock()))


def submit_private_form(context: AppContext, token: str, words: str, source: str) -> str:
    """Store the text in the case; returns the message's number. Raises PageOverError."""
    now, page = context.clock(), hashed(token)
    with context.store.reading() as connection:
        case = read_case_by_id(connection, case_of_page(connection, page, now))
        if case is None:
            raise PageOverError
        channel, sender = account_of(connection, case.resident)
    message = Inbound(channel, sender, page, words, now, source=source, kind=EventKind.FORM)

    def use(connection: Connection) -> bool:
        return use_page(connection, page, now)

    try:
        receive(context, [message], now, use)
    except TakenElsewhereError:
        raise PageOverError from None
    with context.store.reading() as connection:
        return number_of_event(connection, channel, page)
