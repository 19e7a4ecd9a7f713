"""Continue a web chat on another device, with the case number and a one-time code."""

import secrets
from datetime import timedelta

from sqlalchemy import Connection

from bot.handlers.app_context import AppContext
from bot.handlers.delivery.queue_message import WEB_CHANNEL
from bot.handlers.staff.throttle import Throttle
from bot.storage.cases.case_rows import cases_of
from bot.storage.conversation.device_rows import add_device, linked_sender, use_code, write_code
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.identifiers import hashed

CODE_VALID_FOR = timedelta(days=30)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that look alike."""
_LENGTH = 8
_FREE_TRIES = {"number": 5, "source": 20}


class NoCaseError(Exception):
    """The visitor has no case, so there is no number to give."""


class WrongCodeError(Exception):
    """Number or code is wrong; deliberately not said which."""


def offer_code(context: AppContext, sender: str) -> tuple[str, str]:
    """(case number, new code) for this visitor. Raises NoCaseError."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))

    def write(connection: Connection) -> str:
        resident = find_resident(connection, WEB_CHANNEL, linked_sender(connection, sender))
        cases = cases_of(connection, resident) if resident else []
        if not resident or not cases:
            raise NoCaseError
        write_code(connection, resident, hashed(code), context.clock() + CODE_VALID_FOR)
        return cases[0].number

    return context.store.transaction(write), f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def link_device(context: AppContext, sender: str, number: str, code: str, source: str) -> None:
    """Show the conversation on the device of `sender`. Raises WrongCodeError, TooManyTriesError."""
    digits = "".join(filter(str.isdigit, number))
    plain = "".join(filter(str.isalnum, code)).upper()
    throttle = Throttle("open-elsewhere", _FREE_TRIES, context.secret, {"number": digits, "source": source})
    now = context.clock()
    context.store.transaction(lambda connection: throttle.begin_attempt(connection, now))

    def use(connection: Connection) -> bool:
        resident = use_code(connection, WEB_CHANNEL, digits, hashed(plain), now)
        if resident:
            add_device(connection, resident, sender, now)
            throttle.reset(connection, now)
        return bool(resident)

    if not context.store.transaction(use):
        raise WrongCodeError
