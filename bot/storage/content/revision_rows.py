"""Revisions of the content: added, never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, select

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.studio_schema import contents, revisions


class RevisionOrigin(StrEnum):
    """The values are stored."""

    FIRST = "first"
    """The shipped files, at the first start."""
    SHIPPED = "shipped"
    """Newer shipped files, at the first start of a newer version."""
    PUBLISHED = "published"
    RESTORED = "restored"


@dataclass(frozen=True)
class Revision:
    """One row. `digest` and `shipped` name states of the content. `author`: a member of staff, or empty."""

    number: int
    digest: str
    shipped: str
    way: RevisionOrigin
    author: str
    second_reader: str
    reason: str
    at: datetime


class BehindError(Exception):
    """Somebody else has published in the meantime."""


def newest_number(connection: Connection) -> int:
    """The number of the published revision; 0 if there is none yet."""
    return connection.execute(select(func.max(revisions.c.number))).scalar() or 0


def lock_newest(connection: Connection) -> int:
    """The number of the published revision; until the commit nobody else can change the draft or publish."""
    query = select(revisions.c.number).order_by(revisions.c.number.desc()).limit(1).with_for_update()
    connection.execute(query).scalar()
    return newest_number(connection)


def read_revision(connection: Connection, number: int = 0) -> Revision | None:
    """The revision with this number; without a number, the published one."""
    query = select(revisions).order_by(revisions.c.number.desc()).limit(1)
    row = connection.execute(query.where(revisions.c.number == number) if number else query).one_or_none()
    return _revision(row) if row else None


def list_revisions(connection: Connection, most: int = 200) -> list[Revision]:
    """The newest first."""
    query = select(revisions).order_by(revisions.c.number.desc()).limit(most)
    return [_revision(row) for row in connection.execute(query)]


def add_revision(connection: Connection, revision: Revision) -> None:
    """Raises BehindError if `number` is not the next one."""
    values = {
        "number": revision.number,
        "digest": revision.digest,
        "shipped": revision.shipped,
        "way": revision.way,
        "author": revision.author,
        "second_reader": revision.second_reader,
        "reason": revision.reason,
        "at": revision.at,
    }
    if newest_number(connection) != revision.number - 1 or not insert_if_new(connection, revisions, values):
        raise BehindError


def store_content(connection: Connection, digest: str, packed: bytes) -> None:
    """Keep a state of the content under its digest."""
    insert_if_new(connection, contents, {"digest": digest, "files": packed})


def read_content(connection: Connection, digest: str) -> bytes:
    """A packed state of the content."""
    return bytes(connection.execute(select(contents.c.files).where(contents.c.digest == digest)).scalar_one())


def _revision(row: object) -> Revision:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 -- SQLAlchemy's own name for it
    return Revision(**{**values, "way": RevisionOrigin(values["way"])})
