"""Load the active revision: create the first, merge newly shipped content, follow revisions published elsewhere."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.content.content_faults import ContentError
from bot.content.content_files import Files, digest_of, pack_files, unpack_files
from bot.content.older_content import in_current_form
from bot.content.upgrade_merge import merge_upgrade
from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft, rebase_draft
from bot.handlers.index_builder import build_understander
from bot.handlers.project_folders import ProjectFolders
from bot.storage.content.draft_rows import clear_draft, write_draft_file
from bot.storage.content.revision_rows import (
    BehindError,
    Revision,
    RevisionOrigin,
    add_revision,
    list_revisions,
    lock_newest,
    newest_number,
    read_content,
    read_revision,
    store_content,
)
from bot.storage.engine import Store

log = structlog.get_logger()

POLL_SECONDS = 2.0
"""Delay until a process notices that another revision was published."""


def begin_revisions(store: Store, shipped: Files, now: datetime) -> Revision:
    """The active revision. The first is the shipped content; newer shipped files are merged into a new revision."""
    with store.reading() as connection:
        known = list_revisions(connection)
        files = {content: unpack_files(read_content(connection, content)) for content in _merge_sources(known)}
    digest = digest_of(shipped)
    if not known:
        _add(store, shipped, Revision(1, digest, digest, RevisionOrigin.FIRST, "", "", "", now), shipped)
    elif digest not in {revision.shipped for revision in known}:
        merged = merge_upgrade(files[known[0].shipped], files[known[0].digest], shipped)
        reason = f"taken {len(merged.taken)}, kept {len(merged.kept)}"
        number = known[0].number + 1
        revision = Revision(number, digest_of(merged.files), digest, RevisionOrigin.SHIPPED, "", "", reason, now)
        _add(store, merged.files, revision, shipped)
    with store.reading() as connection:
        revision_now = read_revision(connection)
    if revision_now is None:
        raise LookupError
    return revision_now


def open_revision(store: Store, folders: ProjectFolders, analyzer: Analyzer, revision: Revision) -> Understander:
    """Build the understander of a revision. If this version cannot read it, alarm and use the shipped content."""
    with store.reading() as connection:
        files = unpack_files(read_content(connection, revision.digest))
    try:
        return build_understander(in_current_form(files, folders.shipped()), analyzer, folders.indexes)
    except ContentError as error:
        log.error("alarm_revision_unreadable", revision=revision.number, faults=len(error.faults))
        return build_understander(folders.shipped(), analyzer, folders.indexes)


async def follow_revisions(context: AppContext) -> None:
    """One poll: load the active revision if it is another one, then sleep."""
    await asyncio.to_thread(load_newer_revision, context)
    await asyncio.sleep(POLL_SECONDS)


def load_newer_revision(context: AppContext) -> None:
    """Make this process serve the newest revision. Does nothing if it already does."""
    published = context.content
    with context.store.reading() as connection:
        if newest_number(connection) in {0, published.revision}:
            return
        revision = read_revision(connection)
    if revision:
        understander = open_revision(context.store, context.folders, published.understander.analyzer, revision)
        published.activate(understander, revision.number)
        log.info("revision_taken_up", revision=revision.number)


def _merge_sources(known: list[Revision]) -> set[str]:
    return {known[0].digest, known[0].shipped} if known else set()


def _add(store: Store, files: Files, revision: Revision, shipped: Files) -> None:
    packed = {revision.digest: pack_files(files), revision.shipped: pack_files(shipped)}
    rebased_files = {} if revision.way is RevisionOrigin.FIRST else rebase_draft(read_draft(store), files)

    def work(connection: Connection) -> None:
        lock_newest(connection)
        for digest, body in packed.items():
            store_content(connection, digest, body)
        add_revision(connection, revision)
        clear_draft(connection)
        for file, body in rebased_files.items():
            write_draft_file(connection, file, body.decode())

    try:
        store.transaction(work)
    except BehindError:
        log.info("revision_made_elsewhere", revision=revision.number)
