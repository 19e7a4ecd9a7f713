"""The revision in force: the first one, the growth of a newer version, and the new one that every process takes up."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.content.content_faults import ContentError
from bot.content.content_files import Files, digest_of, pack_files, unpack_files
from bot.content.older_content import in_todays_form
from bot.content.upgrade_merge import grow
from bot.domain.protocols import Analyzer
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft, rebase_draft
from bot.handlers.content.index_builder import IndexBuilder
from bot.storage.content.draft_rows import clear_draft, write_draft_file
from bot.storage.content.revision_rows import (
    BehindError,
    Revision,
    RevisionOrigin,
    add_revision,
    list_revisions,
    newest_number,
    read_content,
    read_revision,
    store_content,
)
from bot.storage.engine import Store

log = structlog.get_logger()

LOOK_EVERY = 2.0
"""Seconds until a process sees that another revision is in force."""


def begin_revisions(store: Store, shipped: Files, now: datetime) -> Revision:
    """The revision in force; the first one is what was shipped, and newer shipped files make a new one."""
    with store.reading() as connection:
        known = list_revisions(connection)
        files = {each: unpack_files(read_content(connection, each)) for each in _grown_from(known)}
    digest = digest_of(shipped)
    if not known:
        _add(store, shipped, Revision(1, digest, digest, RevisionOrigin.FIRST, "", "", "", now), shipped)
    elif digest not in {each.shipped for each in known}:
        grown = grow(files[known[0].shipped], files[known[0].digest], shipped)
        reason = f"taken {len(grown.taken)}, kept {len(grown.kept)}"
        number = known[0].number + 1
        revision = Revision(number, digest_of(grown.files), digest, RevisionOrigin.SHIPPED, "", "", reason, now)
        _add(store, grown.files, revision, shipped)
    with store.reading() as connection:
        revision_now = read_revision(connection)
    if revision_now is None:
        raise LookupError
    return revision_now


def open_revision(store: Store, index_builder: IndexBuilder, analyzer: Analyzer, revision: Revision) -> Understander:
    """What it knows. A revision that this version cannot read is said aloud, and the shipped content serves."""
    with store.reading() as connection:
        files = unpack_files(read_content(connection, revision.digest))
    try:
        return index_builder.understander(in_todays_form(files, index_builder.shipped()), analyzer)
    except ContentError as error:
        log.error("alarm_revision_unreadable", revision=revision.number, faults=len(error.faults))
        return index_builder.understander(index_builder.shipped(), analyzer)


async def follow_revisions(context: AppContext) -> None:
    """One look: where another revision is in force, take it up."""
    await asyncio.to_thread(load_newer_revision, context)
    await asyncio.sleep(LOOK_EVERY)


def load_newer_revision(context: AppContext) -> None:
    """Put the revision in force on the shelf of this process."""
    shelf = context.content
    with context.store.reading() as connection:
        if newest_number(connection) in {0, shelf.revision}:
            return
        revision = read_revision(connection)
    if revision:
        understander = open_revision(context.store, context.index_builder, shelf.understander.analyzer, revision)
        shelf.put(understander, revision.number)
        log.info("revision_taken_up", revision=revision.number)


def _grown_from(known: list[Revision]) -> set[str]:
    return {known[0].digest, known[0].shipped} if known else set()


def _add(store: Store, files: Files, revision: Revision, shipped: Files) -> None:
    packed = {revision.digest: pack_files(files), revision.shipped: pack_files(shipped)}
    rebased_files = {} if revision.way is RevisionOrigin.FIRST else rebase_draft(read_draft(store), files)

    def work(connection: Connection) -> None:
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
