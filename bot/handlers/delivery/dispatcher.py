"""Sends what the outbox holds for one platform, or for the mail; one that hangs holds up nobody else's."""

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
"""Each holds a thread of those in which everybody's steps run, for as long as the mail server takes."""


class Dispatcher:
    """One per outside party (a platform, or the mail) and process."""

    def __init__(self, context: AppContext, party: str) -> None:
        self._context = context
        self._party = party
        self._most = _LETTERS_AT_ONCE if party == BY_MAIL else _SENDS_AT_ONCE
        self._sending: dict[asyncio.Task[None], str] = {}
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Something was written, or a send has ended."""
        self._bell.set()

    async def send_some(self) -> None:
        """Begin to send what is due, as far as there is room; without any, wait."""
        self._bell.clear()
        room, busy = self._most - len(self._sending), frozenset(self._sending.values()) - {""}
        work = partial(next_attempts, self._context, self._party, room, busy)
        attempts = await asyncio.to_thread(work) if room else []
        for attempt in attempts:
            task = asyncio.create_task(self._send(attempt))
            # An answer to a press, or an old notice written anew, lets nobody wait for what is new.
            self._sending[task] = attempt.recipient if attempt.way is SendMethod.PUSH else ""
            task.add_done_callback(self._sent)
            await asyncio.sleep(0)  # writing a card out takes milliseconds: between two, the doors get their turn
        if not attempts:
            await wait_for_signal(self._bell)

    async def finish(self) -> None:
        """Until what is being sent has its outcome."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(self, attempt: Attempt) -> None:
        ready = await asyncio.to_thread(render, self._context, attempt) if attempt.recipient else attempt
        answered = await send(self._context, self._party, ready)
        await asyncio.to_thread(write_outcome, self._context, self._party, ready, answered)

    def _sent(self, task: "asyncio.Task[None]") -> None:
        self._sending.pop(task, None)
        self._bell.set()
        if not task.cancelled() and (error := task.exception()):
            # The lease ends, and the message is tried again as one whose outcome is not known.
            log.error("outcome_not_kept", channel=self._party, error=type(error).__name__)
