"""Residents' messages and the replies to them, both sealed. A reply is stored as it was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, or_, select, union, update

from bot.domain.messages import EventKind, Inbound, Reply
from bot.storage.conversation.resident_rows import lock_residents
from bot.storage.conversation.stored_replies import open_reply
from bot.storage.conversation.unmatched_rows import forget_unmatched
from bot.storage.identifiers import new_id
from bot.storage.schema.residents_and_cases import cases, inbound, outbound, residents
from bot.storage.sealing import Keyring, SealedField


@dataclass(frozen=True)
class Exchange:
    """One message of a resident and its replies."""

    words: str
    replies: tuple[Reply, ...]
    received_at: datetime
    in_case: bool = False


@dataclass(frozen=True)
class Recent:
    """A message of the last minutes."""

    words: str
    received_at: datetime
    heard: bool
    """Triage detected something in it."""


@dataclass(frozen=True)
class TalkEntry:
    """One message of a case: the resident's, or a reply with its delivery state. `author`: its writer, if staff."""

    at: datetime
    words: str
    reply: Reply | None
    author: str = ""
    state: str = ""
    fault: str = ""
    channel: str = ""
    kind: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True)
class Filed:
    """The case of a message, if any. `heard`: triage detected something in it."""

    case: str | None = None
    heard: bool = False


def find_event(connection: Connection, channel: str, event: str) -> str | None:
    """The id of the event's stored message; None for a new event."""
    query = select(inbound.c.id).where(inbound.c.channel == channel, inbound.c.event == event)
    return connection.execute(query).scalar()


def add_inbound(connection: Connection, keys: Keyring, resident: str, message: Inbound, filed: Filed) -> str:
    """Store a message; returns the row id."""
    row = new_id()
    values = {
        "id": row,
        "resident_id": resident,
        "case_id": filed.case,
        "channel": message.channel,
        "event": message.event,
        "kind": message.kind,
        "message": message.message,
        "source": message.source,
        "received_at": message.received_at,
        "words": keys.seal(SealedField("inbound", row, "words"), message.text),
        "heard": filed.heard,
    }
    connection.execute(insert(inbound).values(values))
    return row


def lock_writers(connection: Connection, channel: str, sender: str, message: str) -> None:
    """Lock the resident `sender` and the writer of this message: the same person, unless the platform errs."""
    matches = (residents.c.channel == channel, residents.c.sender == sender)
    wrote = select(inbound.c.resident_id).where(inbound.c.channel == channel, inbound.c.message == message)
    lock_residents(connection, union(select(residents.c.id).where(*matches), wrote))


def erase_words(connection: Connection, keys: Keyring, channel: str, message: str) -> None:
    """Erase the text of a retracted message; the row and its case stay."""
    query = select(inbound.c.id).where(inbound.c.channel == channel, inbound.c.message == message)
    for row in connection.execute(query).scalars().all():
        nothing = keys.seal(SealedField("inbound", row, "words"), "")
        connection.execute(update(inbound).where(inbound.c.id == row).values(words=nothing))
        forget_unmatched(connection, row)


def read_recent(connection: Connection, keys: Keyring, resident: str, since: datetime, most: int) -> list[Recent]:
    """The resident's last messages since then, oldest first."""
    query = (
        select(inbound.c.id, inbound.c.words, inbound.c.received_at, inbound.c.heard)
        .where(inbound.c.resident_id == resident, inbound.c.received_at >= since, inbound.c.kind == EventKind.TEXT)
        .order_by(inbound.c.received_at.desc(), inbound.c.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    return [
        Recent(keys.open(SealedField("inbound", row.id, "words"), row.words), row.received_at, row.heard)
        for row in reversed(rows)
    ]


def read_last_question(
    connection: Connection, keys: Keyring, resident: str, since: datetime, before: str
) -> tuple[str, str] | None:
    """(row, words) of the longest of the resident's last 4 messages before the row `before`, outside cases.

    The longest, because messages that steer the conversation (「もっと詳しく」) are short.
    """
    query = (
        select(inbound.c.id, inbound.c.words)
        .where(inbound.c.resident_id == resident, inbound.c.received_at >= since, inbound.c.kind == EventKind.TEXT)
        .where(inbound.c.case_id.is_(None), inbound.c.id != before)
        .order_by(inbound.c.received_at.desc())
        .limit(4)
    )
    questions = [
        (row.id, keys.open(SealedField("inbound", row.id, "words"), row.words)) for row in connection.execute(query)
    ]
    return max(questions, key=lambda question: len(question[1]), default=None)


def read_exchanges(connection: Connection, keys: Keyring, resident: str, since: datetime, most: int) -> list[Exchange]:
    """The last `most` messages that arrived or were answered since then, oldest first."""
    answered_since = exists().where(outbound.c.inbound_id == inbound.c.id, outbound.c.created_at >= since)
    query = (
        select(inbound.c.id, inbound.c.words, inbound.c.received_at, inbound.c.case_id)
        .where(inbound.c.resident_id == resident, or_(inbound.c.received_at >= since, answered_since))
        .order_by(inbound.c.received_at.desc(), inbound.c.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    replies = _replies_to(connection, keys, [row.id for row in rows])
    return [
        Exchange(
            keys.open(SealedField("inbound", row.id, "words"), row.words),
            tuple(replies.get(row.id, ())),
            row.received_at,
            row.case_id is not None,
        )
        for row in reversed(rows)
    ]


def count_since(connection: Connection, since: datetime, *, resident: str = "", source: str = "") -> int:
    """The number of messages since then from a resident or a source."""
    matches = inbound.c.resident_id == resident if resident else inbound.c.source == source
    query = select(func.count()).select_from(inbound).where(matches, inbound.c.received_at >= since)
    return connection.execute(query).scalar_one()


def _replies_to(connection: Connection, keys: Keyring, messages: Sequence[str]) -> dict[str, list[Reply]]:
    query = (
        select(outbound.c.id, outbound.c.inbound_id, outbound.c.reply)
        .where(outbound.c.inbound_id.in_(messages))
        .order_by(outbound.c.inbound_id, outbound.c.position)
    )
    replies: dict[str, list[Reply]] = {}
    for row in connection.execute(query):
        replies.setdefault(row.inbound_id, []).append(open_reply(keys, row.id, row.reply))
    return replies


def read_case_words(connection: Connection, keys: Keyring, case: str) -> list[str]:
    """The resident's messages that belong to a case, oldest first."""
    query = select(inbound.c.id, inbound.c.words).where(inbound.c.case_id == case).order_by(inbound.c.received_at)
    return [keys.open(SealedField("inbound", row.id, "words"), row.words) for row in connection.execute(query)]


def read_heard_words(connection: Connection, keys: Keyring, case: str) -> list[str]:
    """The messages of a case in which triage detected something, oldest first, without retracted ones."""
    matches = (inbound.c.case_id == case, inbound.c.heard)
    query = select(inbound.c.id, inbound.c.words).where(*matches).order_by(inbound.c.received_at)
    opened = (keys.open(SealedField("inbound", row.id, "words"), row.words) for row in connection.execute(query))
    return [words for words in opened if words]


def first_message_after(connection: Connection, case: str, seen: datetime) -> datetime | None:
    """Arrival time of the first message of a case that is newer than `seen`."""
    matches = (inbound.c.case_id == case, inbound.c.received_at > seen)
    return connection.execute(select(func.min(inbound.c.received_at)).where(*matches)).scalar()


def read_answers(connection: Connection, keys: Keyring, case: str, author: str, since: datetime) -> list[str]:
    """The texts that a member of staff has written in a case since then."""
    matches = (inbound.c.case_id == case, outbound.c.author == author, outbound.c.created_at > since)
    query = select(outbound.c.id, outbound.c.reply).join(inbound, inbound.c.id == outbound.c.inbound_id).where(*matches)
    return [open_reply(keys, row.id, row.reply).body[0] for row in connection.execute(query)]


def number_of_event(connection: Connection, channel: str, event: str) -> str:
    """The number of the message's case; empty if it belongs to none."""
    query = select(cases.c.number).join(inbound, inbound.c.case_id == cases.c.id)
    return connection.execute(query.where(inbound.c.channel == channel, inbound.c.event == event)).scalar() or ""


def last_message(connection: Connection, case: str) -> tuple[str, int]:
    """(row, position) of the resident's last message in a case, and of the next reply to it."""
    query = select(inbound.c.id).where(inbound.c.case_id == case).order_by(inbound.c.received_at.desc()).limit(1)
    row = connection.execute(query).scalar_one()
    taken = select(func.max(outbound.c.position)).where(outbound.c.inbound_id == row)
    highest = connection.execute(taken).scalar()
    return row, 0 if highest is None else highest + 1


def read_case_talk(connection: Connection, keys: Keyring, case: str) -> list[TalkEntry]:
    """All messages and replies of a case, oldest first."""
    matches = inbound.c.case_id == case
    asked = select(inbound.c.id, inbound.c.words, inbound.c.kind, inbound.c.received_at).where(matches)
    replies = select(outbound).join(inbound, inbound.c.id == outbound.c.inbound_id).where(matches, ~outbound.c.leaves)
    entries = [
        TalkEntry(row.received_at, keys.open(SealedField("inbound", row.id, "words"), row.words), None, kind=row.kind)
        for row in connection.execute(asked)
    ]
    entries += [
        TalkEntry(
            row.created_at,
            "",
            open_reply(keys, row.id, row.reply),
            row.author,
            row.state,
            row.fault,
            row.channel,
            due_at=row.due_at,
        )
        for row in connection.execute(replies)
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.reply is not None))
