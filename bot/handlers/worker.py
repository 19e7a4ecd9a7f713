"""The work behind the doors: take up what came, send what goes out, let go what was kept long enough."""

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
"""Lanes that are worked on at once. With more of them the doors wait for the processor: measured, not guessed."""
_LANES_AT_ONCE = 200
_PURGE_EVERY = 3600.0
_CLOCKS_EVERY = 1.0
_PUSHES_EVERY = 600.0


@dataclass
class _AtWork:
    """A lane that is worked on: `bell` rings when more came than what was there at `newest`."""

    task: asyncio.Task[None]
    bell: asyncio.Event
    newest: datetime


class Worker:
    """One per process. `ring` tells it, from any thread, that something came; `run` ends when it is cancelled."""

    def __init__(self, context: AppContext, *, alone: bool) -> None:
        """`alone`: no other process works on this database, so what is leased was left by one that died."""
        self._context = context
        self._alone = alone
        self._name = "" if alone else new_id()
        self._lanes: dict[Lane, _AtWork] = {}
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dispatchers = [Dispatcher(context, party) for party in (BY_MAIL, *context.channels)]
        self._threads = ThreadPoolExecutor(LANE_THREADS, thread_name_prefix="lane")

    def ring(self) -> None:
        """Something came in."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._bell.set)

    async def run(self) -> None:
        """Work until cancelled; at the end what has begun is finished."""
        self._loop = asyncio.get_running_loop()
        if self._alone:
            await asyncio.to_thread(_free_everything, self._context.store)
        for _ in range(LANE_THREADS):
            self._threads.submit(self._context.content.warm_up)  # each thread has a tokenizer of its own
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(repeat_forever(self._take_up_lanes))
                tasks.create_task(repeat_forever(self._purge))
                tasks.create_task(repeat_forever(self._clocks))
                tasks.create_task(repeat_forever(self._pushes))
                tasks.create_task(repeat_forever(partial(follow_revisions, self._context)))
                tasks.create_task(repeat_forever(partial(run_waiting_checks, self._context)))
                for dispatcher in self._dispatchers:
                    tasks.create_task(repeat_forever(dispatcher.send_some))
        finally:
            await self._finish()

    async def _finish(self) -> None:
        tasks = [each.task for each in self._lanes.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for dispatcher in self._dispatchers:
            await dispatcher.finish()
        for channel in self._context.channels.values():
            await channel.close()
        self._threads.shutdown()

    async def _take_up_lanes(self) -> None:
        self._bell.clear()
        for lane, newest in (await asyncio.to_thread(self._waiting)).items():
            at_work = self._lanes.get(lane)
            if at_work is None and lane.channel in self._context.channels:
                bell = asyncio.Event()
                self._lanes[lane] = _AtWork(asyncio.create_task(self._work_on(lane, bell)), bell, newest)
            elif at_work and at_work.newest != newest:
                at_work.newest = newest
                at_work.bell.set()
        await wait_for_signal(self._bell)

    def _waiting(self) -> dict[Lane, datetime]:
        with self._context.store.reading() as connection:
            return waiting_lanes(connection, self._context.clock(), _LANES_AT_ONCE)

    async def _work_on(self, lane: Lane, bell: asyncio.Event) -> None:
        """Everything that waits in a lane, one after the other; a pause ends when more comes: it may be urgent."""
        loop = asyncio.get_running_loop()
        step = partial(process_lane, self._context, lane, self._name)
        try:
            while (wait := await loop.run_in_executor(self._threads, step)) is not None:
                for dispatcher in self._dispatchers:
                    dispatcher.ring()
                await wait_for_signal(bell, wait.total_seconds())
                bell.clear()
        except Exception as error:  # noqa: BLE001 -- its events stay in the table and are taken up again
            log.error("lane_failed", channel=lane.channel, error=type(error).__name__)
            await asyncio.sleep(SECONDS_AFTER_A_FAULT)
        finally:
            del self._lanes[lane]

    async def _clocks(self) -> None:
        if not await asyncio.to_thread(run_case_timers, self._context):
            await asyncio.sleep(_CLOCKS_EVERY)

    async def _pushes(self) -> None:
        await watch_push_quota(self._context)
        await asyncio.sleep(_PUSHES_EVERY)

    async def _purge(self) -> None:
        await asyncio.to_thread(cluster_unmatched, self._context)  # before words go they are counted
        retention = self._context.content.catalog.retention
        await asyncio.to_thread(purge_kept, self._context.store, retention, self._context.clock())
        await asyncio.sleep(_PURGE_EVERY)


def _free_everything(store: Store) -> None:
    store.transaction(free_leases)
    store.transaction(free_deliveries)
