"""The background worker: process incoming events, send messages, run case timers, purge old data."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from bot.domain.delivery.staff_notice import BY_MAIL
from bot.handlers.app_context import AppContext
from bot.handlers.background_loop import SECONDS_AFTER_A_FAULT, repeat_forever, wait_for_signal
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.content.checks.regression_jobs import run_waiting_checks
from bot.handlers.content.load_revisions import follow_revisions
from bot.handlers.content.teach_from_unmatched import cluster_unmatched
from bot.handlers.delivery.dispatcher import Dispatcher
from bot.handlers.delivery.push_quota import watch_push_quota
from bot.handlers.inbox.process_events import process_lane
from bot.handlers.operations.purge import purge_kept
from bot.storage.delivery.outbox_rows import free_deliveries
from bot.storage.engine import Store
from bot.storage.identifiers import new_id
from bot.storage.inbox.inbox_rows import Lane, free_leases, waiting_lanes

log = structlog.get_logger()

LANE_THREADS = 2
"""Lanes processed at the same time. With more, webhooks wait for the processor (measured)."""
_MOST_LANES = 200
_PURGE_SECONDS = 3600.0
_TIMER_SECONDS = 1.0
_QUOTA_SECONDS = 600.0


@dataclass
class _RunningLane:
    """A lane that is being processed. `more` is set when an event later than `newest` arrives."""

    task: asyncio.Task[None]
    more: asyncio.Event
    newest: datetime


class Worker:
    """One per process. `wake` may be called from any thread; `run` ends when it is cancelled."""

    def __init__(self, context: AppContext, *, alone: bool) -> None:
        """`alone`: no other process works on this database, so every lease was left by one that died."""
        self._context = context
        self._alone = alone
        self._name = "" if alone else new_id()
        self._lanes: dict[Lane, _RunningLane] = {}
        self._wake_signal = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dispatchers = [Dispatcher(context, party) for party in (BY_MAIL, *context.channels)]
        self._threads = ThreadPoolExecutor(LANE_THREADS, thread_name_prefix="lane")

    def wake(self) -> None:
        """Look for new events now. Thread-safe."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._wake_signal.set)

    async def run(self) -> None:
        """Work until cancelled, then finish what has begun."""
        self._loop = asyncio.get_running_loop()
        if self._alone:
            await asyncio.to_thread(_free_leases, self._context.store)
        for _ in range(LANE_THREADS):
            self._threads.submit(self._context.content.warm_up)  # each thread has a tokenizer of its own
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(repeat_forever(self._start_lanes))
                tasks.create_task(repeat_forever(self._purge))
                tasks.create_task(repeat_forever(self._run_timers))
                tasks.create_task(repeat_forever(self._watch_quota))
                tasks.create_task(repeat_forever(partial(follow_revisions, self._context)))
                tasks.create_task(repeat_forever(partial(run_waiting_checks, self._context)))
                for dispatcher in self._dispatchers:
                    tasks.create_task(repeat_forever(dispatcher.send_due))
        finally:
            await self._finish()

    async def _finish(self) -> None:
        tasks = [lane.task for lane in self._lanes.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for dispatcher in self._dispatchers:
            await dispatcher.finish()
        for channel in self._context.channels.values():
            await channel.close()
        self._threads.shutdown()

    async def _start_lanes(self) -> None:
        self._wake_signal.clear()
        for lane, newest in (await asyncio.to_thread(self._waiting_lanes)).items():
            running = self._lanes.get(lane)
            if running is None and lane.channel in self._context.channels:
                more = asyncio.Event()
                self._lanes[lane] = _RunningLane(asyncio.create_task(self._process(lane, more)), more, newest)
            elif running and running.newest != newest:
                running.newest = newest
                running.more.set()
        await wait_for_signal(self._wake_signal)

    def _waiting_lanes(self) -> dict[Lane, datetime]:
        with self._context.store.reading() as connection:
            return waiting_lanes(connection, self._context.clock(), _MOST_LANES)

    async def _process(self, lane: Lane, more: asyncio.Event) -> None:
        """Process a lane until it is empty. A pause ends early when another event arrives, which may be urgent."""
        loop = asyncio.get_running_loop()
        step = partial(process_lane, self._context, lane, self._name)
        try:
            while (wait := await loop.run_in_executor(self._threads, step)) is not None:
                for dispatcher in self._dispatchers:
                    dispatcher.wake()
                await wait_for_signal(more, wait.total_seconds())
                more.clear()
        except Exception as error:  # noqa: BLE001 -- its events stay in the table and are processed again
            log.error("lane_failed", channel=lane.channel, error=type(error).__name__)
            await asyncio.sleep(SECONDS_AFTER_A_FAULT)
        finally:
            del self._lanes[lane]

    async def _run_timers(self) -> None:
        if not await asyncio.to_thread(run_case_timers, self._context):
            await asyncio.sleep(_TIMER_SECONDS)

    async def _watch_quota(self) -> None:
        await watch_push_quota(self._context)
        await asyncio.sleep(_QUOTA_SECONDS)

    async def _purge(self) -> None:
        await asyncio.to_thread(cluster_unmatched, self._context)  # counted before they are purged
        retention = self._context.content.catalog.retention
        await asyncio.to_thread(purge_kept, self._context.store, retention, self._context.clock())
        await asyncio.sleep(_PURGE_SECONDS)


def _free_leases(store: Store) -> None:
    store.transaction(free_leases)
    store.transaction(free_deliveries)
