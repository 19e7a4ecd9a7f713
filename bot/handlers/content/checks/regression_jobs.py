"""Regression checks as background jobs in a child process, with progress. After a crash the job is run again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bot.content.content_files import Files, pack_files, unpack_files
from bot.content.index.index_cache import index_of
from bot.content.read.catalog_reader import catalog_of
from bot.domain.staff.permissions import Permission, Staff, require
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_check import RegressionRun
from bot.handlers.content.checks.regression_report import RegressionReport, dump_report
from bot.handlers.content.edit_draft import Draft, read_draft
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import child_process, fit_index, process_analyzer, read_valid_catalog
from bot.handlers.project_folders import ProjectFolders
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
"""Fit the new phrases, check for faults, ask all sets of messages."""
OnStep = Callable[[int], None]
POLL_SECONDS = 1.0
"""Delay until a requested check starts."""


def request_check(context: AppContext, staff: Staff) -> Draft:
    """Request a check of the draft in its current state. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)
    draft = read_draft(context.store)
    digest, packed, now = draft.digest, pack_files(draft.files), context.clock()

    def work(connection: Connection) -> None:
        store_content(connection, digest, packed)
        request_regression(connection, digest, draft.base.number, staff.id, now)

    context.store.transaction(work)
    return draft


async def run_waiting_checks(context: AppContext) -> None:
    """One poll: run the next requested check, or sleep."""
    if not await asyncio.to_thread(run_next_check, context):
        await asyncio.sleep(POLL_SECONDS)


def run_next_check(context: AppContext) -> bool:
    """Run the oldest requested check. False if there is none."""
    row = context.store.transaction(lambda connection: lease_regression(connection, context.clock()))
    if row is None:
        return False
    report: bytes | None = None
    try:
        report = dump_report(_run_check(context, row))
    except Exception as error:  # noqa: BLE001 -- content that breaks the check must not stop the worker
        log.error("proof_failed", error=type(error).__name__)
    context.store.transaction(lambda connection: store_regression(connection, row.digest, report))
    return True


def _run_check(context: AppContext, row: RegressionRow) -> RegressionReport:
    with context.store.reading() as connection:
        base = read_revision(connection, row.base)
        files = unpack_files(read_content(connection, row.digest))
        published = unpack_files(read_content(connection, base.digest if base else row.digest))
    return check_for_regressions(context, (published, files), partial(_save_step, context.store, row.digest))


def _save_step(store: Store, digest: str, step: int) -> None:
    store.transaction(lambda connection: write_progress(connection, digest, step))


def check_for_regressions(
    context: AppContext, contents: tuple[Files, Files], on_step: OnStep = lambda _: None
) -> RegressionReport:
    """Compare `contents` (published, draft) in a child process. `on_step` gets the number of each step."""
    published, files = (pack_files(content) for content in contents)
    task = _Task(published, files, context.folders, context.thresholds, context.clock())
    malformed = faults_of_form(contents[1])
    if malformed:
        return RegressionReport(malformed)
    with child_process() as pool:
        on_step(1)
        for packed in (published, files):
            pool.submit(fit_index, packed, context.folders.indexes).result()
        on_step(2)
        faults = pool.submit(_find_faults, task).result()
        on_step(STEPS)
        try:
            return pool.submit(_replay, task, faults).result()
        except Exception as error:
            if not faults:
                raise
            # Content with faults may not be fit to answer; the faults are what the office has to mend.
            log.error("replay_failed", error=type(error).__name__)
            return RegressionReport(faults)


def faults_of_form(files: Files) -> list[tuple[str, int, str, str]]:
    """Faults that make the content unreadable: (file, line, what, how to fix)."""
    return [(fault.file, fault.line, fault.what, fault.mend) for fault in catalog_of(files)[1]]


@dataclass(frozen=True)
class _Task:
    """Everything the child process needs; picklable."""

    published: bytes
    draft: bytes
    folders: ProjectFolders
    thresholds: Thresholds
    now: datetime


def _find_faults(task: _Task) -> list[tuple[str, int, str, str]]:
    """Runs in the child process."""
    return _regression_run(task).faults(unpack_files(task.draft), task.folders.shipped())


def _replay(task: _Task, faults: list[tuple[str, int, str, str]]) -> RegressionReport:
    """Runs in the child process."""
    return _regression_run(task).replay(task.folders.cases, faults)


def _regression_run(task: _Task) -> RegressionRun:
    published, draft = (_understander(packed, task.folders.indexes) for packed in (task.published, task.draft))
    ask = partial(answerer, thresholds=task.thresholds, now=lambda: task.now)
    return RegressionRun(published, draft, task.now, ask)


def _understander(packed: bytes, indexes: Path) -> Understander:
    catalog, analyzer = read_valid_catalog(unpack_files(packed)), process_analyzer()
    return Understander(catalog, index_of(catalog, analyzer, indexes), analyzer)
