"""The whole schema on one page. Ids are random hex, times are UTC, residents' words are `Sealed`."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
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
    false,
    text,
    true,
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
    Column("address", Sealed),
    Column("reachable", Boolean, nullable=False, server_default=true()),
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
    Column("kind", String(16), nullable=False, server_default="text"),
    Column("message", String(64), nullable=False, server_default=""),
    Column("source", String(32), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("words", Sealed, nullable=False),
    UniqueConstraint("channel", "event"),
    Index("ix_inbound_message", "channel", "message"),
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
    # How it goes out over a platform (`domain/delivery.py`); empty on the web.
    Column("channel", String(16), nullable=False, server_default=""),
    Column("leaves", Boolean, nullable=False, server_default=false()),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("as_text", Boolean, nullable=False, server_default=false()),
    Column("ticket", Sealed),
    Column("ticket_at", UtcTime),
    Column("retry_key", String(36), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("in_doubt", Boolean, nullable=False, server_default=false()),
    Column("pushed_at", UtcTime),
    Column("pushed_in_doubt", Boolean, nullable=False, server_default=false()),
    Column("due_at", UtcTime),
    Column("leased_until", UtcTime),
    Column("fault", String(32), nullable=False, server_default=""),
    Index("ix_outbound_inbound", "inbound_id", "position"),
    Index("ix_outbound_state", "state", "created_at"),
    Index("ix_outbound_resident", "resident_id", "state"),
)

# What a platform told, kept before it is answered 200. Handled events keep their key and lose their words.
inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("channel", String(16), nullable=False),
    Column("key", String(64), nullable=False),
    Column("lane", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("message", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("happened_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_by", String(32), nullable=False, server_default=""),
    Column("leased_until", UtcTime),
    Column("fault", String(64), nullable=False, server_default=""),
    Column("raw", Sealed),
    UniqueConstraint("channel", "key"),
    Index("ix_inbox_lane", "state", "channel", "lane"),
    Index("ix_inbox_message", "channel", "message"),
    Index("ix_inbox_received", "channel", "received_at"),
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
