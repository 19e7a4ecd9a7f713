"""Sending to Telegram: one attempt per call, within its rate limits, and the meaning of its answer.

Telegram has no idempotency key: an attempt without an answer may have been accepted, so only a message that certainly
was not is `LATER`.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import structlog
from pydantic import SecretStr
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, Message, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.telegram.telegram_layout import messages_of
from bot.channels.telegram.telegram_rate_limit import RateLimit
from bot.channels.text_limits import split_utf16
from bot.domain.delivery.channel import Outgoing
from bot.domain.delivery.delivery_rules import Outcome, SendMethod, SendResult

log = structlog.get_logger()

SECONDS = 5.0
"""For each of connecting, writing and reading."""
_CONNECTIONS = 60
_POLL_SECONDS = 35.0
_SHORT_WAIT = 1.5
"""Longest wait in seconds for a turn within an attempt; with a longer one the message returns to the outbox."""
_TOAST_UNITS = 200
_MOST_UNFINISHED = 1_000
_UNREACHABLE = ("chat not found", "not enough rights", "have no rights", "write_forbidden", "need administrator rights")
"""Phrases of a 400: nobody can be written to at this address, whatever the message is."""
_PROXY_ERRORS = ("bad gateway", "(502)", "service unavailable", "(503)")
"""Phrases of a 5xx: Telegram's proxy reached no server."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class TelegramSender:
    """One client for the process, created on the event loop that uses it."""

    def __init__(self, api_url: str, token: SecretStr, clock: Callable[[], float] = time.monotonic) -> None:
        self._api_url = api_url
        self._token = token
        self._pace = RateLimit(clock)
        self._requests: list[HTTPXRequest] = []
        self._bot: Bot | None = None
        self._sent_parts: dict[str, int] = {}

    @property
    def bot(self) -> Bot:
        """The API, created on first use without a call to Telegram."""
        if self._bot is None:
            _silence_address_logs()
            os.environ.setdefault("PTB_TIMEDELTA", "true")  # else the SDK warns about the type of `retry_after`
            calls = HTTPXRequest(_CONNECTIONS, SECONDS, SECONDS, SECONDS, SECONDS)
            polls = HTTPXRequest(2, _POLL_SECONDS, SECONDS, SECONDS, SECONDS)
            self._requests = [calls, polls]
            base = f"{self._api_url}/bot"
            self._bot = Bot(self._token.get_secret_value(), base, request=calls, get_updates_request=polls)
        return self._bot

    async def send(self, outgoing: Outgoing) -> SendResult:
        try:
            if outgoing.way is SendMethod.PUSH:
                return await self._push(outgoing)
            if outgoing.way is SendMethod.AMEND and (wait := await self._turn(outgoing.address)):
                return SendResult(Outcome.LATER, wait=wait)
            await _WITHOUT_NEW_MESSAGE[outgoing.way](self.bot, outgoing)
        except TelegramError as error:
            return self._meaning(error, outgoing)
        return SendResult(Outcome.ACCEPTED, outgoing.message)

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()
        self._requests, self._bot = [], None

    async def _push(self, outgoing: Outgoing) -> SendResult:
        """Send all parts of a message; a retry after a pause continues with the first unsent part."""
        parts, message = messages_of(outgoing.reply, outgoing.wording, as_text=outgoing.as_text), ""
        for number in range(self._sent_parts.get(outgoing.retry_key, 0), len(parts)):
            if wait := await self._turn(outgoing.address):
                return SendResult(Outcome.LATER, wait=wait)
            sent: Message = await self.bot.send_message(outgoing.address, **_arguments(parts[number]))
            message = str(sent.message_id)
            self._record_sent_parts(outgoing.retry_key, number + 1, len(parts))
        return SendResult(Outcome.ACCEPTED, message)

    def _record_sent_parts(self, key: str, number: int, parts: int) -> None:
        self._sent_parts.pop(key, None)
        if number < parts:
            self._sent_parts[key] = number
        if len(self._sent_parts) > _MOST_UNFINISHED:
            self._sent_parts.pop(next(iter(self._sent_parts)))

    async def _turn(self, address: str) -> timedelta:
        """Wait for a near turn and return zero; return the time until a distant one."""
        is_reserved, seconds = self._pace.reserve(address, _SHORT_WAIT)
        if not is_reserved:
            return timedelta(seconds=seconds)
        await asyncio.sleep(seconds)
        return timedelta()

    def _meaning(self, error: TelegramError, outgoing: Outgoing) -> SendResult:
        log.info("telegram_answered", error=type(error).__name__, way=outgoing.way)
        if isinstance(error, RetryAfter):
            wait = timedelta(seconds=error.retry_after) if isinstance(error.retry_after, int) else error.retry_after
            self._pace.pause(outgoing.address, wait.total_seconds())
            return SendResult(Outcome.LATER, wait=wait)
        if isinstance(error, ChatMigrated):
            return SendResult(Outcome.LATER, moved=str(error.new_chat_id))
        return SendResult(telegram_outcome(error, outgoing.way))


def telegram_outcome(error: TelegramError, way: SendMethod) -> Outcome:  # noqa: PLR0911 -- a table: one row for each answer
    """The meaning of a refusal or of a missing answer."""
    match error:
        case Forbidden() | BadRequest() if way is SendMethod.LEAVE:
            return Outcome.ACCEPTED  # the bot is no longer in that group
        case Forbidden():
            return Outcome.BLOCKED
        case InvalidToken():
            return Outcome.LOCKED
        case Conflict():
            return Outcome.LATER
        case BadRequest():
            return _refusal(str(error).lower(), way)
        case NetworkError():
            return Outcome.LATER if _certainly_not_sent(error) else Outcome.UNCERTAIN
        case _:
            return Outcome.UNCERTAIN


def _refusal(words: str, way: SendMethod) -> Outcome:
    if way is SendMethod.REPLY:
        return Outcome.DEAD_TICKET  # the press is too old
    if way is SendMethod.AMEND:
        return Outcome.ACCEPTED if "not modified" in words else Outcome.REFUSED
    return Outcome.BLOCKED if any(phrase in words for phrase in _UNREACHABLE) else Outcome.REFUSED


def _certainly_not_sent(error: NetworkError) -> bool:
    is_proxy_error = any(phrase in str(error).lower() for phrase in _PROXY_ERRORS)
    return is_proxy_error or isinstance(error.__cause__, _NOT_SENT)


async def _answer_press(bot: Bot, outgoing: Outgoing) -> None:
    """Show an alert over the chat of the person who pressed; nobody else sees it."""
    (words,) = split_utf16("\n".join(outgoing.reply.lead), _TOAST_UNITS, 1)
    await bot.answer_callback_query(outgoing.ticket, words, show_alert=True)


async def _amend(bot: Bot, outgoing: Outgoing) -> None:
    first = messages_of(outgoing.reply, outgoing.wording, as_text=outgoing.as_text)[0]
    await bot.edit_message_text(chat_id=outgoing.address, message_id=int(outgoing.message), **_arguments(first))


async def _leave(bot: Bot, outgoing: Outgoing) -> None:
    await bot.leave_chat(outgoing.address)


_WITHOUT_NEW_MESSAGE: dict[SendMethod, Callable[[Bot, Outgoing], Awaitable[None]]] = {
    SendMethod.REPLY: _answer_press,
    SendMethod.AMEND: _amend,
    SendMethod.LEAVE: _leave,
}
"""Sends that create no new message."""


def _arguments(message: dict[str, Any]) -> dict[str, Any]:
    markup = message.get("reply_markup")
    return {
        "text": message["text"],
        "entities": [MessageEntity(**entity) for entity in message.get("entities", ())],
        "reply_markup": InlineKeyboardMarkup.de_json(markup, None) if markup else None,
        "link_preview_options": LinkPreviewOptions(is_disabled=True),
    }


def _silence_address_logs() -> None:
    """Every address holds the token: the HTTP client logs them at INFO, the SDK logs answers that it cannot read."""
    for name, level in {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram": logging.CRITICAL}.items():
        logging.getLogger(name).setLevel(level)
