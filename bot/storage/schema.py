"""The whole schema on one page. Ids are random hex, times are UTC, residents' words are `Sealed`."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from bot.storage.sealing import SealedBytes

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPEN_CASE = "status IN ('waiting')"


class Sealed(TypeDecorator[SealedBytes]):
    """Words of a resident, sealed for their place. Anything else than `SealedBytes` is refused."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Only what a keyring made goes in."""
        if value is not None and not isinstance(value, SealedBytes):
            message = f"a sealed column takes SealedBytes, not {type(value).__name__}"
            raise TypeError(message)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> SealedBytes | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Still sealed; the keyring opens it."""
        return None if value is None else SealedBytes(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time. SQLite keeps no zone, so both databases keep UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 -- SQLAlchemy's signature
        """Aware times only, as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a zone was about to be stored"
            raise TypeError(message)
        moment: datetime = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Aware again."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _id() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def _to(target: str, *, nullable: bool = False) -> Column[str]:
    return Column(f"{target}_id", String(32), ForeignKey(_TABLES[target]), nullable=nullable)


_TABLES = {"resident": "residents.id", "inbound": "inbound.id", "case": "cases.id"}

residents = Table(
    "residents",
    metadata,
    _id(),
    Column("channel", String(16), nullable=False),
    # The web: a hash of the cookie. A platform: its own id of the person, sealed, with the hash to find it by.
    Column("sender", String(64), nullable=False),
    Column("conversation", Sealed),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    UniqueConstraint("channel", "sender"),
)

cases = Table(
    "cases",
    metadata,
    _id(),
    Column("number", String(6), nullable=False, unique=True),
    _to("resident"),
    Column("kind", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("source", String(32), nullable=False, index=True),
    Column("opened_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index(
        "uq_cases_open",
        "resident_id",
        unique=True,
        sqlite_where=text(OPEN_CASE),
        postgresql_where=text(OPEN_CASE),
    ),
)

inbound = Table(
    "inbound",
    metadata,
    _id(),
    _to("resident"),
    _to("case", nullable=True),
    Column("channel", String(16), nullable=False),
    Column("event", String(64), nullable=False),
    Column("source", String(32), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("words", Sealed, nullable=False),
    UniqueConstraint("channel", "event"),
    Index("ix_inbound_talk", "resident_id", "received_at"),
    Index("ix_inbound_source", "source", "received_at"),
)

outbound = Table(
    "outbound",
    metadata,
    _id(),
    _to("resident"),
    _to("inbound"),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("reply", Sealed, nullable=False),
    Index("ix_outbound_inbound", "inbound_id", "position"),
    Index("ix_outbound_state", "state", "created_at"),
)

case_events = Table(
    "case_events",
    metadata,
    _id(),
    _to("case"),
    Column("action", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_case_events_case", "case_id", "at"),
)
