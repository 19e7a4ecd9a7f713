"""What a draft would do, worked out in the background, and who wants it published."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, or_, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.leases import Lease, hold, lock_free
from bot.storage.schema.studio_schema import proofs

LEASE = timedelta(minutes=3)
"""A proof takes less than a minute: who has not ended by then has died, and another begins anew."""


class RegressionState(StrEnum):
    """The values are stored."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


_TO_BE_MADE = (RegressionState.WAITING, RegressionState.RUNNING)


@dataclass(frozen=True)
class RegressionRow:
    """One row. `found`: the proof as JSON, compressed. `wanted_by`: who asks that it be published."""

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


def read_proof(connection: Connection, digest: str) -> RegressionRow | None:
    """The proof of the draft with this digest."""
    row = connection.execute(select(proofs).where(proofs.c.digest == digest)).one_or_none()
    return _proof(row) if row else None


def request_regression(connection: Connection, digest: str, base: int, staff: str, at: datetime) -> None:
    """Ask; asked twice is once. What failed, or was made on another revision, is made anew."""
    values = {
        "digest": digest, "base": base, "state": RegressionState.WAITING, "step": 0, "asked_by": staff, "asked_at": at,
    }  # fmt: skip
    stale = or_(proofs.c.state == RegressionState.FAILED, proofs.c.base != base)
    connection.execute(delete(proofs).where(proofs.c.digest == digest, stale))
    insert_if_new(connection, proofs, values)


def take_regression(connection: Connection, now: datetime) -> RegressionRow | None:
    """The oldest proof that waits, or whose worker has died, taken for three minutes."""
    query = select(proofs).where(proofs.c.state.in_(_TO_BE_MADE)).order_by(proofs.c.asked_at).limit(1)
    rows = connection.execute(lock_free(query, proofs, now)).all()
    hold(connection, proofs, rows, Lease("", now, now + LEASE), state=RegressionState.RUNNING, step=0)
    return _proof(rows[0]) if rows else None


def write_step(connection: Connection, digest: str, step: int) -> None:
    """How far it is."""
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(step=step))


def end_regression(connection: Connection, digest: str, found: bytes | None) -> None:
    """What was found; None where it could not be made."""
    state = RegressionState.FAILED if found is None else RegressionState.DONE
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(state=state, found=found))


def want_published(connection: Connection, digest: str, staff: str, at: datetime, reason: str) -> None:
    """Ask a second person to agree."""
    values = {"wanted_by": staff, "wanted_at": at, "reason": reason}
    connection.execute(update(proofs).where(proofs.c.digest == digest).values(values))


def clear_regressions(connection: Connection) -> None:
    """After a publish: what was proved was proved against what is no longer in force."""
    connection.execute(delete(proofs))


def _proof(row: object) -> RegressionRow:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 -- SQLAlchemy's own name for it
    return RegressionRow(**{**values, "state": RegressionState(values["state"])})
