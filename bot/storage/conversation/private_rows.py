"""One-time private pages, for details that should not be written on a platform."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from bot.storage.schema.residents_and_cases import private_pages


def offer_page(connection: Connection, hashed: str, case_id: str, until: datetime) -> None:
    connection.execute(insert(private_pages).values(id=hashed, case_id=case_id, until=until))


def case_of_page(connection: Connection, hashed: str, now: datetime) -> str:
    """The case of this page; empty if the page was used, has expired, or does not exist."""
    return connection.execute(select(private_pages.c.case_id).where(*_open(hashed, now))).scalar() or ""


def use_page(connection: Connection, hashed: str, now: datetime) -> bool:
    """Use up the page; returns whether it was still open."""
    return connection.execute(update(private_pages).where(*_open(hashed, now)).values(used_at=now)).rowcount == 1


def delete_pages_before(connection: Connection, before: datetime) -> None:
    """Delete pages that expired before then."""
    connection.execute(delete(private_pages).where(private_pages.c.until < before))


def delete_all_pages(connection: Connection) -> None:
    connection.execute(delete(private_pages))


def _open(hashed: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return private_pages.c.id == hashed, private_pages.c.used_at.is_(None), private_pages.c.until > now
