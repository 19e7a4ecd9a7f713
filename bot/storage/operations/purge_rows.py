"""Retention: expired rows are selected in a read and deleted in small batches, so that no writer waits long."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, or_, select, update

from bot.domain.cases.case_transitions import OPEN_STATUSES
from bot.domain.delivery.delivery_rules import OPEN_STATES
from bot.storage.conversation.resident_rows import account_of
from bot.storage.inbox.inbox_rows import InboxState, Lane, lock_lane
from bot.storage.schema.desk_schema import proposed_checks
from bot.storage.schema.residents_and_cases import (
    case_events,
    cases,
    inbound,
    inbox,
    is_notice,
    outbound,
    residents,
    talk_codes,
    talk_devices,
)
from bot.storage.schema.studio_schema import unclear

_GONE = "gone-"
"""Prefix of `sender` for an anonymised resident, who stays only because a case is counted."""


def old_messages(connection: Connection, before: datetime, most: int) -> list[str]:
    """Messages without a case from before then."""
    mine = (inbound.c.case_id.is_(None), inbound.c.received_at < before)
    return list(connection.execute(select(inbound.c.id).where(*mine).limit(most)).scalars())


def delete_messages(connection: Connection, messages: Sequence[str]) -> int:
    """Delete messages and the replies to them."""
    connection.execute(delete(outbound).where(outbound.c.inbound_id.in_(messages)))
    return connection.execute(delete(inbound).where(inbound.c.id.in_(messages))).rowcount


def old_cases(connection: Connection, before: datetime, most: int) -> list[str]:
    """Cases that were closed before then and still have their words."""
    mine = (cases.c.status.not_in(OPEN_STATUSES), cases.c.closed_at < before, cases.c.erased_at.is_(None))
    return list(connection.execute(select(cases.c.id).where(*mine).limit(most)).scalars())


def erase_cases(connection: Connection, ended: Sequence[str], now: datetime) -> int:
    """Erase every word of closed cases; the cases stay for the statistics."""
    mine = (cases.c.id.in_(ended), cases.c.status.not_in(OPEN_STATUSES))
    query = select(cases.c.id).where(*mine).order_by(cases.c.id).with_for_update(key_share=True)
    closed = connection.execute(query).scalars().all()
    delete_messages(
        connection, list(connection.execute(select(inbound.c.id).where(inbound.c.case_id.in_(closed))).scalars())
    )
    connection.execute(update(case_events).where(case_events.c.case_id.in_(closed)).values(note=None))
    connection.execute(delete(proposed_checks).where(proposed_checks.c.case_id.in_(closed)))
    # A notice that is on its way is none of the resident's words.
    done = (outbound.c.case_id.in_(closed), outbound.c.state.not_in(OPEN_STATES))
    connection.execute(delete(outbound).where(*done))
    return connection.execute(
        update(cases).where(cases.c.id.in_(closed)).values(source="", erased_at=now, ask_at=None)
    ).rowcount


def is_erased(connection: Connection, case: str) -> bool:
    """Whether the case's words are erased: nobody can be answered in it."""
    return connection.execute(select(cases.c.erased_at).where(cases.c.id == case)).scalar() is not None


def reset_conversations(connection: Connection, before: datetime) -> int:
    """Reset conversations that have been idle since before then."""
    mine = (residents.c.seen_at < before, residents.c.conversation.is_not(None))
    return connection.execute(update(residents).where(*mine).values(conversation=None)).rowcount


def expired_residents(connection: Connection, before: datetime, most: int) -> list[str]:
    """Residents not seen since before then, without any message or any case with words."""
    mine = (
        residents.c.seen_at < before,
        or_(~residents.c.sender.startswith(_GONE), ~exists().where(cases.c.resident_id == residents.c.id)),
        ~exists().where(inbound.c.resident_id == residents.c.id),
        ~exists().where(cases.c.resident_id == residents.c.id, cases.c.erased_at.is_(None)),
    )
    return list(connection.execute(select(residents.c.id).where(*mine).limit(most)).scalars())


def delete_residents(connection: Connection, people: Sequence[str], before: datetime) -> int:
    """Delete those people; who has a case that is counted stays as a row that leads to nobody."""
    unseen = (residents.c.id.in_(people), residents.c.seen_at < before)
    query = select(residents.c.id).where(*unseen).order_by(residents.c.id).with_for_update()
    mine = residents.c.id.in_(connection.execute(query).scalars().all())
    _forget_devices(connection, select(residents.c.id).where(mine))
    counted = exists().where(cases.c.resident_id == residents.c.id)
    deleted = connection.execute(delete(residents).where(mine, ~counted)).rowcount
    return deleted + _anonymise(connection, mine)


def resident_cases(connection: Connection, resident: str) -> dict[str, str]:
    """The status of every case of a person, by id; until the commit nobody changes them, and messages wait."""
    lock_lane(connection, Lane(*account_of(connection, resident)))
    # Not FOR NO KEY UPDATE: who they are is a key, and is taken away.
    connection.execute(select(residents.c.id).where(residents.c.id == resident).with_for_update())
    query = select(cases.c.id, cases.c.status).where(cases.c.resident_id == resident).order_by(cases.c.id)
    return {row.id: row.status for row in connection.execute(query.with_for_update(key_share=True))}


def erase_resident(connection: Connection, resident: str) -> int:
    """Erase what one person wrote and was answered, and who they are; how many messages. Cases are erased apart.

    After `resident_cases`, which locks what this changes.
    """
    channel, sender = account_of(connection, resident)
    connection.execute(delete(outbound).where(outbound.c.resident_id == resident))
    written = select(inbound.c.id).where(inbound.c.resident_id == resident)
    connection.execute(delete(unclear).where(unclear.c.inbound.in_(written)))
    deleted = connection.execute(delete(inbound).where(inbound.c.resident_id == resident)).rowcount
    _forget_devices(connection, select(residents.c.id).where(residents.c.id == resident))
    # The key of an event stays: should it come once more, it is known to have come before.
    theirs = (inbox.c.channel == channel, inbox.c.lane == sender)
    nothing = {"raw": None, "lane": "", "message": "", "state": InboxState.DONE}
    connection.execute(update(inbox).where(*theirs, inbox.c.state != InboxState.WAITING).values(nothing))
    _anonymise(connection, residents.c.id == resident)
    return deleted


def delete_events_before(connection: Connection, done_before: datetime, aside_before: datetime) -> int:
    """Delete events that were handled and came before `done_before`, and dead letters from before `aside_before`."""
    done = (inbox.c.state == InboxState.DONE) & (inbox.c.received_at < done_before)
    aside = (inbox.c.state == InboxState.ASIDE) & (inbox.c.received_at < aside_before)
    return connection.execute(delete(inbox).where(done | aside)).rowcount


def delete_notices_before(connection: Connection, before: datetime) -> int:
    """Returns the number of deleted notices."""
    old = (is_notice, outbound.c.state.not_in(OPEN_STATES), outbound.c.created_at < before)
    return connection.execute(delete(outbound).where(*old)).rowcount


def _forget_devices(connection: Connection, people: Select[tuple[str]]) -> None:
    """Unlink these people's other devices."""
    for table in (talk_codes, talk_devices):
        connection.execute(delete(table).where(table.c.resident_id.in_(people)))


def _anonymise(connection: Connection, mine: ColumnElement[bool]) -> int:
    nobody = {"sender": _GONE + residents.c.id, "address": None, "conversation": None, "reachable": False}
    return connection.execute(update(residents).where(mine).values(nobody)).rowcount
