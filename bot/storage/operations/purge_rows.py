"""What goes: found in a read, deleted in small pieces, so that nobody who writes waits for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, or_, select, update

from bot.domain.cases.case_transitions import OPEN_STATUSES
from bot.domain.delivery.delivery_rules import OPEN_STATES
from bot.storage.delivery.outbox_rows import is_notice
from bot.storage.inbox.inbox_rows import InboxState
from bot.storage.schema.desk_schema import proposed_checks
from bot.storage.schema.residents_and_cases import (
    case_events,
    cases,
    inbound,
    inbox,
    outbound,
    residents,
    talk_codes,
    talk_devices,
)
from bot.storage.schema.studio_schema import unclear

_GONE = "gone-"
"""How the sender of somebody begins who is kept only because a case is counted."""


def old_talk(connection: Connection, before: datetime, most: int) -> list[str]:
    """Messages without a case from before then."""
    mine = (inbound.c.case_id.is_(None), inbound.c.received_at < before)
    return list(connection.execute(select(inbound.c.id).where(*mine).limit(most)).scalars())


def delete_messages(connection: Connection, messages: Sequence[str]) -> int:
    """Delete messages and the replies to them."""
    connection.execute(delete(outbound).where(outbound.c.inbound_id.in_(messages)))
    return connection.execute(delete(inbound).where(inbound.c.id.in_(messages))).rowcount


def old_cases(connection: Connection, before: datetime, most: int) -> list[str]:
    """Cases that ended before then and have their words still."""
    mine = (cases.c.status.not_in(OPEN_STATUSES), cases.c.closed_at < before, cases.c.erased_at.is_(None))
    return list(connection.execute(select(cases.c.id).where(*mine).limit(most)).scalars())


def erase_cases(connection: Connection, ended: Sequence[str], now: datetime) -> int:
    """Erase every word of cases that have ended; the cases stay, to be counted."""
    mine = (cases.c.id.in_(ended), cases.c.status.not_in(OPEN_STATUSES))
    still = connection.execute(select(cases.c.id).where(*mine).with_for_update()).scalars().all()
    delete_messages(
        connection, list(connection.execute(select(inbound.c.id).where(inbound.c.case_id.in_(still))).scalars())
    )
    connection.execute(update(case_events).where(case_events.c.case_id.in_(still)).values(note=None))
    connection.execute(delete(proposed_checks).where(proposed_checks.c.case_id.in_(still)))
    # A notice that is on its way is none of the resident's words.
    done = (outbound.c.case_id.in_(still), outbound.c.state.not_in(OPEN_STATES))
    connection.execute(delete(outbound).where(*done))
    return connection.execute(
        update(cases).where(cases.c.id.in_(still)).values(source="", erased_at=now, ask_at=None)
    ).rowcount


def is_erased(connection: Connection, case: str) -> bool:
    """Whether the case has no words any more: nobody can be answered in it."""
    return connection.execute(select(cases.c.erased_at).where(cases.c.id == case)).scalar() is not None


def forget_talks(connection: Connection, before: datetime) -> int:
    """Forget where talks stood that rest since before then."""
    mine = (residents.c.seen_at < before, residents.c.conversation.is_not(None))
    return connection.execute(update(residents).where(*mine).values(conversation=None)).rowcount


def gone_residents(connection: Connection, before: datetime, most: int) -> list[str]:
    """Residents not seen since before then of whom no message and no case with words is left."""
    mine = (
        residents.c.seen_at < before,
        or_(~residents.c.sender.startswith(_GONE), ~exists().where(cases.c.resident_id == residents.c.id)),
        ~exists().where(inbound.c.resident_id == residents.c.id),
        ~exists().where(cases.c.resident_id == residents.c.id, cases.c.erased_at.is_(None)),
    )
    return list(connection.execute(select(residents.c.id).where(*mine).limit(most)).scalars())


def forget_residents(connection: Connection, people: Sequence[str], before: datetime) -> int:
    """Delete those people; who has a case that is counted stays as a row that leads to nobody."""
    mine = residents.c.id.in_(people) & (residents.c.seen_at < before)
    _forget_devices(connection, select(residents.c.id).where(mine))
    counted = exists().where(cases.c.resident_id == residents.c.id)
    gone = connection.execute(delete(residents).where(mine, ~counted)).rowcount
    return gone + _make_nameless(connection, mine)


def resident_cases(connection: Connection, resident: str) -> dict[str, str]:
    """The status of every case of a person, by id; until the commit nobody changes them."""
    query = select(cases.c.id, cases.c.status).where(cases.c.resident_id == resident).with_for_update()
    return {row.id: row.status for row in connection.execute(query)}


def forget_resident(connection: Connection, resident: str) -> int:
    """Erase what one person wrote and was answered, and who they are; how many messages. Cases are erased apart."""
    person = connection.execute(select(residents).where(residents.c.id == resident).with_for_update()).one()
    connection.execute(delete(outbound).where(outbound.c.resident_id == resident))
    written = select(inbound.c.id).where(inbound.c.resident_id == resident)
    connection.execute(delete(unclear).where(unclear.c.inbound.in_(written)))
    gone = connection.execute(delete(inbound).where(inbound.c.resident_id == resident)).rowcount
    _forget_devices(connection, select(residents.c.id).where(residents.c.id == resident))
    # The key of an event stays: should it come once more, it is known to have come before.
    theirs = (inbox.c.channel == person.channel, inbox.c.lane == person.sender)
    nothing = {"raw": None, "lane": "", "message": "", "state": InboxState.DONE}
    connection.execute(update(inbox).where(*theirs, inbox.c.state != InboxState.WAITING).values(nothing))
    _make_nameless(connection, residents.c.id == resident)
    return gone


def delete_events_before(connection: Connection, done_before: datetime, aside_before: datetime) -> int:
    """Delete events that were handled and came before then, and those that were set aside longer ago; how many."""
    done = (inbox.c.state == InboxState.DONE) & (inbox.c.received_at < done_before)
    aside = (inbox.c.state == InboxState.ASIDE) & (inbox.c.received_at < aside_before)
    return connection.execute(delete(inbox).where(done | aside)).rowcount


def delete_notices_before(connection: Connection, before: datetime) -> int:
    """Delete notices from before then; how many."""
    old = (is_notice, outbound.c.state.not_in(OPEN_STATES), outbound.c.created_at < before)
    return connection.execute(delete(outbound).where(*old)).rowcount


def _forget_devices(connection: Connection, people: Select[tuple[str]]) -> None:
    """On no other device do these people's talks open any more."""
    for table in (talk_codes, talk_devices):
        connection.execute(delete(table).where(table.c.resident_id.in_(people)))


def _make_nameless(connection: Connection, mine: ColumnElement[bool]) -> int:
    nobody = {"sender": _GONE + residents.c.id, "address": None, "conversation": None, "reachable": False}
    return connection.execute(update(residents).where(mine).values(nobody)).rowcount
