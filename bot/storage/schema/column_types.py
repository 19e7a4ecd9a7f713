"""The metadata of all tables and the column types: random hex ids, times in UTC, residents' words `Sealed`."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, ForeignKey, LargeBinary, MetaData, String
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


class Sealed(TypeDecorator[SealedBytes]):
    """Words of a resident, sealed for their row. Only `SealedBytes` are accepted."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Accepts only the values of a keyring."""
        if value is not None and not isinstance(value, SealedBytes):
            message = f"a sealed column takes SealedBytes, not {type(value).__name__}"
            raise TypeError(message)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> SealedBytes | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Still sealed; the keyring opens it."""
        return None if value is None else SealedBytes(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time. SQLite stores no time zone, so both databases store UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 -- SQLAlchemy's signature
        """Accepts only aware times, stored as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a zone was about to be stored"
            raise TypeError(message)
        moment: datetime = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def row_id() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def row_of(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    """A foreign key (`target`: table.column)."""
    return Column(name, String(32), ForeignKey(target), nullable=nullable)
