"""Resolve the `--content` option of a command: published content, draft or a folder. Read-only."""

from pathlib import Path

import structlog

from bot.content.content_files import Files, files_in, unpack_files
from bot.content.older_content import in_current_form
from bot.handlers.content.edit_draft import NoRevisionError, read_draft
from bot.settings import SHIPPED_CONTENT, SettingsError, read_settings
from bot.storage.content.revision_rows import read_content, read_revision
from bot.storage.engine import open_store, sqlite_file
from bot.storage.migrate import is_current

log = structlog.get_logger()


def files_named(content: str) -> Files:
    """Files of `published`, `draft` or a folder. Raises SettingsError.

    Without a database, `published` means the shipped content.
    """
    if content not in {"published", "draft"}:
        if not Path(content).is_dir():
            message = f"--content {content}: no such folder"
            raise SettingsError(message)
        return files_in(Path(content))
    files = _from_database(draft=content == "draft")
    if files is None and content == "draft":
        message = "there is no draft: no server has started on this database yet"
        raise SettingsError(message)
    shipped = files_in(SHIPPED_CONTENT)
    return shipped if files is None else in_current_form(files, shipped)


def _from_database(*, draft: bool) -> Files | None:
    """None if there is no database, or no revision in it; never creates either."""
    settings = read_settings()
    file = sqlite_file(settings.database_url)
    if file is not None and not file.is_file():
        return None
    store = open_store(settings.database_url)
    try:
        if not is_current(store):
            log.warning("schema_not_current", effect="the shipped content is asked; run: python -m bot migrate")
            return None
        if draft:
            return read_draft(store).files
        with store.reading() as connection:
            revision = read_revision(connection)
            return unpack_files(read_content(connection, revision.digest)) if revision else None
    except NoRevisionError:
        return None
    finally:
        store.close()
