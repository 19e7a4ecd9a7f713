"""A talk of the page goes on on another device: with the case's number and a code that is shown once and opens once."""

import secrets
from datetime import timedelta

from sqlalchemy import Connection

from bot.handlers.app_context import AppContext
from bot.handlers.delivery.queue_message import ON_THE_PAGE
from bot.handlers.staff.throttle import Throttle
from bot.storage.cases.case_rows import cases_of
from bot.storage.conversation.device_rows import add_device, sender_behind, use_code, write_code
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.identifiers import hashed

OPENS_FOR = timedelta(days=30)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that are read as one another."""
_LENGTH = 8
_FREE_TRIES = {"number": 5, "source": 20}


class NoCaseError(Exception):
    """There is no case whose number could be said."""


class WrongCodeError(Exception):
    """Number and code do not open a talk; which one is wrong is not said."""


def offer_code(context: AppContext, sender: str) -> tuple[str, str]:
    """(case number, a new code) for the talk of this visitor. Raises NoCaseError."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))

    def write(connection: Connection) -> str:
        resident = find_resident(connection, ON_THE_PAGE, sender_behind(connection, sender))
        cases = cases_of(connection, resident) if resident else []
        if not resident or not cases:
            raise NoCaseError
        write_code(connection, resident, hashed(code), context.clock() + OPENS_FOR)
        return cases[0].number

    return context.store.transaction(write), f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def link_device(context: AppContext, sender: str, number: str, code: str, source: str) -> None:
    """Show the talk on the device of `sender`. Raises WrongCodeError or TooManyTriesError."""
    digits = "".join(filter(str.isdigit, number))
    plain = "".join(filter(str.isalnum, code)).upper()
    throttle = Throttle("open-elsewhere", _FREE_TRIES, context.secret, {"number": digits, "source": source})
    now = context.clock()
    context.store.transaction(lambda connection: throttle.begin_attempt(connection, now))

    def use(connection: Connection) -> bool:
        resident = use_code(connection, ON_THE_PAGE, digits, hashed(plain), now)
        if resident:
            add_device(connection, resident, sender, now)
            throttle.reset(connection, now)
        return bool(resident)

    if not context.store.transaction(use):
        raise WrongCodeError
