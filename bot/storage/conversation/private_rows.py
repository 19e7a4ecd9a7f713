"""Pages of ours that open once, for what should not be written on a platform."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from bot.storage.schema.residents_and_cases import private_pages


def offer_page(connection: Connection, hashed: str, case_id: str, until: datetime) -> None:
    """A page for this case."""
    connection.execute(insert(private_pages).values(id=hashed, case_id=case_id, until=until))


def case_of_page(connection: Connection, hashed: str, now: datetime) -> str:
    """The case of this page; empty where it was used, its time is over, or there is none."""
    return connection.execute(select(private_pages.c.case_id).where(*_open(hashed, now))).scalar() or ""


def use_page(connection: Connection, hashed: str, now: datetime) -> bool:
    """Whether the page opened, which it does not again."""
    return connection.execute(update(private_pages).where(*_open(hashed, now)).values(used_at=now)).rowcount == 1


def delete_pages_before(connection: Connection, before: datetime) -> None:
    """Forget pages whose time was over by then."""
    connection.execute(delete(private_pages).where(private_pages.c.until < before))


def end_every_page(connection: Connection) -> None:
    """No page that was offered opens any more."""
    connection.execute(delete(private_pages))


def _open(hashed: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return private_pages.c.id == hashed, private_pages.c.used_at.is_(None), private_pages.c.until > now
