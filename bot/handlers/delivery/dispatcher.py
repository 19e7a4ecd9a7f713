"""Sends the outbox of one platform, or of mail. A platform that hangs does not delay the others."""

import asyncio
from functools import partial

import structlog

from bot.domain.delivery.delivery_rules import SendMethod
from bot.domain.delivery.staff_notice import BY_MAIL
from bot.handlers.app_context import AppContext
from bot.handlers.background_loop import wait_for_signal
from bot.handlers.delivery.deliver import Attempt, next_attempts, send, write_outcome
from bot.handlers.delivery.render_notices import render

log = structlog.get_logger()

_SENDS_AT_ONCE = 24
_LETTERS_AT_ONCE = 2
"""Each occupies a thread of the shared pool for as long as the mail server takes."""


class Dispatcher:
    """One per outside party (a platform, or the mail) and process."""

    def __init__(self, context: AppContext, party: str) -> None:
        self._context = context
        self._party = party
        self._most = _LETTERS_AT_ONCE if party == BY_MAIL else _SENDS_AT_ONCE
        self._sending: dict[asyncio.Task[None], str] = {}
        self._wake_signal = asyncio.Event()

    def wake(self) -> None:
        """Look for due messages now. Not thread-safe."""
        self._wake_signal.set()

    async def send_due(self) -> None:
        """Start sending due messages, within the limit of simultaneous sends; if there are none, wait."""
        self._wake_signal.clear()
        room, busy = self._most - len(self._sending), frozenset(self._sending.values()) - {""}
        work = partial(next_attempts, self._context, self._party, room, busy)
        attempts = await asyncio.to_thread(work) if room else []
        for attempt in attempts:
            task = asyncio.create_task(self._send(attempt))
            # A reply to a button press or an updated old notice does not delay new notices.
            self._sending[task] = attempt.recipient if attempt.way is SendMethod.PUSH else ""
            task.add_done_callback(self._send_ended)
            await asyncio.sleep(0)  # serialising a card takes milliseconds; requests run in between
        if not attempts:
            await wait_for_signal(self._wake_signal)

    async def finish(self) -> None:
        """Wait for the outcome of every send in progress."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(self, attempt: Attempt) -> None:
        ready = await asyncio.to_thread(render, self._context, attempt) if attempt.recipient else attempt
        result = await send(self._context, self._party, ready)
        await asyncio.to_thread(write_outcome, self._context, self._party, ready, result)

    def _send_ended(self, task: "asyncio.Task[None]") -> None:
        self._sending.pop(task, None)
        self._wake_signal.set()
        if not task.cancelled() and (error := task.exception()):
            # The lease expires, and the message is tried again with an unknown outcome.
            log.error("outcome_not_kept", channel=self._party, error=type(error).__name__)
