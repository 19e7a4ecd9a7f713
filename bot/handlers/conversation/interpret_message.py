"""Interpret a message before its transaction: triage always, matching unless the resident is over the limit."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.conversation.conversation import Conversation
from bot.domain.messages import WRITTEN, EventKind, Inbound
from bot.domain.understanding.decision import Understanding
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.storage.conversation.message_rows import Recent, count_since, read_recent
from bot.storage.conversation.resident_rows import find_resident, read_conversation

log = structlog.get_logger()

TRIAGED_TOGETHER = timedelta(minutes=10)
"""Triage joins messages within this time: 「もう」「死」「にたい」."""
MATCHED_TOGETHER = timedelta(seconds=30)
"""Matching joins a message that could not be answered with the next one within this time."""
MAX_RECENT = 12


@dataclass(frozen=True)
class Interpreted:
    """`is_busy`: the resident is over the limit, so that only triage's word lists were used."""

    understood: Understanding
    is_busy: bool


@dataclass(frozen=True)
class _History:
    """State of the resident before this message."""

    talk: Conversation
    recent: list[Recent]
    is_busy: bool


def interpret(context: AppContext, message: Inbound) -> Interpreted:
    """Falls back to triage alone if the resident is over the limit or the model fails."""
    with context.store.reading() as connection:
        history = _read_history(connection, context, message)
    if message.kind is EventKind.STICKER:
        return Interpreted(_understand(context.content.understander, message.text, [], []), history.is_busy)
    if message.kind not in WRITTEN:
        return Interpreted(context.content.understander.by_lists(""), history.is_busy)
    earlier = words_since_alarm(history.recent)
    if history.is_busy:
        return Interpreted(context.content.understander.by_lists(message.text, earlier), is_busy=True)
    halves = [row.words for row in history.recent if message.received_at - row.received_at <= MATCHED_TOGETHER]
    first_half = halves if history.talk.unsettled else []
    return Interpreted(_understand(context.content.understander, message.text, earlier, first_half), is_busy=False)


def sounds_urgent(context: AppContext, message: Inbound) -> bool:
    """Whether triage finds a signal, in the message alone or joined with recent ones: then it is answered at once."""
    with context.store.reading() as connection:
        history = _read_history(connection, context, message)
    earlier = words_since_alarm(history.recent)
    return bool(context.content.understander.by_lists(message.text, earlier).signals)


def words_since_alarm(recent: list[Recent]) -> list[str]:
    """Messages since the last alarm: words that raised an alarm must not raise it again with every next message."""
    words: list[str] = []
    for message in recent:
        words = [] if message.heard else [*words, message.words]
    return words


def _understand(understander: Understander, text: str, earlier: list[str], first_half: list[str]) -> Understanding:
    try:
        return understander.understand(text, earlier, first_half)
    except Exception as error:  # noqa: BLE001 -- whatever the model does, the lists' triage and a case must happen
        log.error("understanding_failed", error=type(error).__name__)
        return understander.by_lists(text, earlier)


def _read_history(connection: Connection, context: AppContext, message: Inbound) -> _History:
    since = message.received_at - timedelta(minutes=1)
    is_busy = count_since(connection, since, source=message.source) >= context.limits.per_source
    resident = find_resident(connection, message.channel, message.sender)
    if resident is None:
        return _History(Conversation(), [], is_busy)
    is_busy = is_busy or count_since(connection, since, resident=resident) >= context.limits.per_resident
    recent = read_recent(connection, context.keys, resident, message.received_at - TRIAGED_TOGETHER, MAX_RECENT)
    return _History(read_conversation(connection, context.keys, resident), recent, is_busy)
