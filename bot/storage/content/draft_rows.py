"""The draft: the files in which it differs from the published revision, and every edit ever made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.studio_schema import draft_edits, draft_files


@dataclass(frozen=True)
class Edit:
    """One change of one card. `before` and `after` are its fields as JSON; empty if there was no card."""

    number: int
    file: str
    name: str
    before: str
    after: str
    staff: str
    at: datetime
    revision: int
    undone_by: int = 0


def read_draft_files(connection: Connection) -> dict[str, str]:
    """Bodies by file name."""
    return {row.file: row.body for row in connection.execute(select(draft_files))}


def read_draft_file(connection: Connection, file: str) -> str:
    """Empty if the file is not changed."""
    return connection.execute(select(draft_files.c.body).where(draft_files.c.file == file)).scalar() or ""


def write_draft_file(connection: Connection, file: str, body: str) -> None:
    if not insert_if_new(connection, draft_files, {"file": file, "body": body}):
        connection.execute(update(draft_files).where(draft_files.c.file == file).values(body=body))


def clear_draft(connection: Connection) -> None:
    """Discard the changed files; the edits stay."""
    connection.execute(delete(draft_files))


def newest_edit(connection: Connection) -> int:
    """The number of the newest edit; 0 for none."""
    return connection.execute(select(func.max(draft_edits.c.number))).scalar() or 0


def add_edit(connection: Connection, edit: Edit) -> None:
    connection.execute(insert(draft_edits).values(**edit.__dict__))


def add_edits(connection: Connection, edits: Sequence[Edit]) -> None:
    if edits:
        connection.execute(insert(draft_edits), [edit.__dict__ for edit in edits])


def mark_undone(connection: Connection, number: int, by: int) -> None:
    """Record that edit `by` undid this one."""
    connection.execute(update(draft_edits).where(draft_edits.c.number == number).values(undone_by=by))


def list_edits(
    connection: Connection, *, file: str = "", name: str = "", revision: int | None = None, most: int = 100
) -> list[Edit]:
    """The newest first, of one card or of one revision's draft."""
    query = select(draft_edits).order_by(draft_edits.c.number.desc()).limit(most)
    if file:
        query = query.where(draft_edits.c.file == file, draft_edits.c.name == name)
    if revision is not None:
        query = query.where(draft_edits.c.revision == revision)
    return [Edit(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 -- SQLAlchemy's own name for it


def edit_as_seen(connection: Connection, file: str, name: str, revision: int, seen: int) -> Edit | None:
    """The card's newest edit, in the draft of that revision, that was visible to an editor who had seen edit `seen`."""
    query = (
        select(draft_edits)
        .where(draft_edits.c.file == file, draft_edits.c.name == name)
        .where(draft_edits.c.revision == revision, draft_edits.c.number <= seen)
        .order_by(draft_edits.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Edit(**row._mapping) if row else None  # noqa: SLF001 -- SQLAlchemy's own name for it
