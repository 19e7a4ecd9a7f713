"""Regression checks of a draft, computed in the background, and who requests its publication."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, or_, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.leases import Lease, lock_unleased, write_lease
from bot.storage.schema.studio_schema import proofs

LEASE = timedelta(minutes=3)
"""A check takes less than a minute: after this time its worker counts as dead, and another starts over."""


class RegressionState(StrEnum):
    """The values are stored."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


_TO_BE_MADE = (RegressionState.WAITING, RegressionState.RUNNING)


@dataclass(frozen=True)
class RegressionRow:
    """One row. `found`: the report as JSON, compressed. `wanted_by`: who requests the publication."""

    digest: str
    base: int
    state: RegressionState
    step: int
    asked_by: str
    asked_at: datetime
    leased_until: datetime | None = None
    found: bytes | None = None
    wanted_by: str = ""
    wanted_at: datetime | None = None
    reason: str = ""


def read_regression(connection: Connection, digest: str) -> RegressionRow | None:
    """The check of the draft with this digest."""
    row = connection.execute(select(proofs).where(proofs.c.digest == digest)).one_or_none()
    return _regression(row) if row else None


def request_regression(connection: Connection, digest: str, base: int, staff: str, at: datetime) -> None:
    """Request a check, once per draft. A failed one, or one against another revision, is repeated."""
    values = {
        "digest": digest, "base": base, "state": RegressionState.WAITING, "step": 0, "asked_by": staff, "asked_at": at,
    }  # fmt: skip
    stale = or_(proofs.c.state == RegressionState.FAILED, proofs.c.base != base)
    connection.execute(delete(proofs).where(proofs.c.digest == digest, stale))
    insert_if_new(connection, proofs, values)


def lease_regression(connection: Connection, now: datetime) -> RegressionRow | None:
    """Lease the oldest check that is waiting, or whose worker has died."""
    query = select(proofs).where(proofs.c.state.in_(_TO_BE_MADE)).order_by(proofs.c.asked_at).limit(1)
    rows = connection.execute(lock_unleased(query, proofs, now)).all()
    write_lease(connection, proofs, rows, Lease("", now, now + LEASE), state=RegressionState.RUNNING, step=0)
    return _regression(rows[0]) if rows else None


def write_progress(connection: Connection, digest: str, step: int) -> None:
    """Store the progress."""
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(step=step))


def store_regression(connection: Connection, digest: str, report: bytes | None) -> None:
    """Store the compressed report; None for a failure."""
    state = RegressionState.FAILED if report is None else RegressionState.DONE
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(state=state, found=report))


def request_approval(connection: Connection, digest: str, staff: str, at: datetime, reason: str) -> None:
    """Request the approval of a second person."""
    values = {"wanted_by": staff, "wanted_at": at, "reason": reason}
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(values))


def clear_regressions(connection: Connection) -> None:
    """After a publication all checks are void: they compared with the previous revision."""
    connection.execute(delete(proofs))


def _regression(row: object) -> RegressionRow:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 -- SQLAlchemy's own name for it
    return RegressionRow(**{**values, "state": RegressionState(values["state"])})
