"""A draft is proved in the background, in a process of its own, with its progress shown; who dies leaves it waiting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.content.content_files import Files, pack_files, unpack_files
from bot.content.index.index_cache import index_of
from bot.content.read.catalog_reader import catalog_of
from bot.domain.staff.permissions import Permission, Staff, require
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import Draft, read_draft
from bot.handlers.content.regression_check import RegressionRun
from bot.handlers.content.regression_report import RegressionReport, write_proof
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import IndexBuilder, child_process, fit_here, own_analyzer, read_whole
from bot.storage.content.regression_rows import (
    RegressionRow,
    lease_regression,
    request_regression,
    store_regression,
    write_progress,
)
from bot.storage.content.revision_rows import read_content, read_revision, store_content
from bot.storage.engine import Store

log = structlog.get_logger()

STEPS = 3
"""Fit the new phrases, look for faults, ask all sets of messages."""
Tell = Callable[[int], None]
LOOK_EVERY = 1.0
"""Seconds until a proof that is asked for begins."""


def request_check(context: AppContext, staff: Staff) -> Draft:
    """Ask for the proof of the draft as it stands. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)
    draft = read_draft(context.store)
    digest, packed, now = draft.digest, pack_files(draft.files), context.clock()

    def work(connection: Connection) -> None:
        store_content(connection, digest, packed)
        request_regression(connection, digest, draft.base.number, staff.id, now)

    context.store.transaction(work)
    return draft


async def run_waiting_checks(context: AppContext) -> None:
    """One look: where a proof is asked for, make it."""
    if not await asyncio.to_thread(run_next_check, context):
        await asyncio.sleep(LOOK_EVERY)


def run_next_check(context: AppContext) -> bool:
    """Make the oldest proof that waits. False where none does."""
    row = context.store.transaction(lambda connection: lease_regression(connection, context.clock()))
    if row is None:
        return False
    found: bytes | None = None
    try:
        found = write_proof(_prove(context, row))
    except Exception as error:  # noqa: BLE001 -- a content that breaks the proof must not stop the worker
        log.error("proof_failed", error=type(error).__name__)
    context.store.transaction(lambda connection: store_regression(connection, row.digest, found))
    return True


def _prove(context: AppContext, row: RegressionRow) -> RegressionReport:
    with context.store.reading() as connection:
        base = read_revision(connection, row.base)
        files = unpack_files(read_content(connection, row.digest))
        published = unpack_files(read_content(connection, base.digest if base else row.digest))
    return check_for_regressions(context, (published, files), partial(_tell, context.store, row.digest))


def _tell(store: Store, digest: str, step: int) -> None:
    store.transaction(lambda connection: write_progress(connection, digest, step))


def check_for_regressions(
    context: AppContext, contents: tuple[Files, Files], tell: Tell = lambda _: None
) -> RegressionReport:
    """Prove content (the second) beside what is in force, in a process of its own. `tell` hears of each step."""
    published, files = (pack_files(each) for each in contents)
    task = _Task(published, files, context.index_builder, context.thresholds, context.clock())
    malformed = faults_of_form(contents[1])
    if malformed:
        return RegressionReport(malformed)
    with child_process() as pool:
        tell(1)
        for packed in (published, files):
            pool.submit(fit_here, packed, context.index_builder.indexes).result()
        tell(2)
        faults = pool.submit(_faults_here, task).result()
        tell(STEPS)
        return pool.submit(_replay_here, task, faults).result()


def faults_of_form(files: Files) -> list[tuple[str, int, str, str]]:
    """What keeps the content from being read at all."""
    return [(fault.file, fault.line, fault.what, fault.mend) for fault in catalog_of(files)[1]]


@dataclass(frozen=True)
class _Task:
    """Everything the other process needs."""

    published: bytes
    draft: bytes
    index_builder: IndexBuilder
    thresholds: Thresholds
    now: datetime


def _faults_here(task: _Task) -> list[tuple[str, int, str, str]]:
    """In the other process: every fault."""
    return _proving(task).faults(unpack_files(task.draft), task.index_builder.shipped())


def _replay_here(task: _Task, faults: list[tuple[str, int, str, str]]) -> RegressionReport:
    """In the other process: every set of messages."""
    return _proving(task).replay(task.index_builder.cases, faults)


def _proving(task: _Task) -> RegressionRun:
    published, draft = (_understander(packed, task.index_builder) for packed in (task.published, task.draft))
    ask = partial(answerer, thresholds=task.thresholds, now=lambda: task.now)
    return RegressionRun(published, draft, task.now, ask)


def _understander(packed: bytes, index_builder: IndexBuilder) -> Understander:
    catalog, analyzer = read_whole(unpack_files(packed)), own_analyzer()
    return Understander(catalog, index_of(catalog, analyzer, index_builder.indexes), analyzer)
