"""Loops that run as long as the process: repeat a task, wait for a signal or a timeout."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()

POLL_SECONDS = 0.5
"""Interval at which the tables are polled without a signal: another process may have written to them."""
SECONDS_AFTER_A_FAULT = 1.0


async def repeat_forever(work: Callable[[], Awaitable[None]]) -> None:
    """Repeat `work` until cancelled. A failure (such as a lost database) is logged, and followed by a pause."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 -- whatever fails, the loop must go on
            log.error("round_failed", error=type(error).__name__)
            await asyncio.sleep(SECONDS_AFTER_A_FAULT)


async def wait_for_signal(signal: asyncio.Event, timeout: float = POLL_SECONDS) -> None:  # noqa: ASYNC109 -- the point
    """Wait for the event or a timeout (seconds)."""
    # Not `wait_for`: on Python 3.11 it swallows a cancellation that comes together with the event.
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await signal.wait()
