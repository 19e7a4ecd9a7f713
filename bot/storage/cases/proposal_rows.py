"""Messages of cases closed as 誤報 or いたずら, proposed to an admin as checks; sealed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Reason
from bot.domain.understanding.kinds import KindId
from bot.storage.identifiers import new_id
from bot.storage.schema.desk_schema import proposed_checks
from bot.storage.schema.residents_and_cases import inbound
from bot.storage.sealing import Keyring, SealedField


@dataclass(frozen=True)
class ProposedCheck:
    """A message that triage detected as `kind`, and why its case was closed."""

    id: str
    case: str
    reason: Reason
    kind: KindId
    words: str
    at: datetime


def propose_checks(connection: Connection, keys: Keyring, case: Case, words: Iterable[str], now: datetime) -> None:
    """Store messages of the case for review, in place of its earlier proposals."""
    connection.execute(delete(proposed_checks).where(proposed_checks.c.case_id == case.id))
    for message in words:
        row = new_id()
        values = {
            "id": row,
            "case_id": case.id,
            "reason": case.reason,
            "kind": case.kind,
            "words": keys.seal(_words_field(row), message),
            "created_at": now,
        }
        connection.execute(insert(proposed_checks).values(values))


def list_proposed(connection: Connection, keys: Keyring) -> list[ProposedCheck]:
    """All proposals, oldest first."""
    query = select(proposed_checks).order_by(proposed_checks.c.created_at, proposed_checks.c.id)
    return [
        ProposedCheck(
            row.id,
            row.case_id,
            Reason(row.reason),
            KindId(row.kind),
            keys.open(_words_field(row.id), row.words),
            row.created_at,
        )
        for row in connection.execute(query)
    ]


def delete_proposed(connection: Connection, row: str) -> None:
    connection.execute(delete(proposed_checks).where(proposed_checks.c.id == row))


def delete_proposed_of(connection: Connection, case_id: str) -> None:
    """The case was reopened, so it was no false alarm."""
    connection.execute(delete(proposed_checks).where(proposed_checks.c.case_id == case_id))


def delete_proposed_with(connection: Connection, channel: str, message: str) -> None:
    """A message was retracted: delete all proposals of its case."""
    its_case = select(inbound.c.case_id).where(inbound.c.channel == channel, inbound.c.message == message)
    connection.execute(delete(proposed_checks).where(proposed_checks.c.case_id.in_(its_case)))


def _words_field(row: str) -> SealedField:
    return SealedField("proposed_checks", row, "words")
