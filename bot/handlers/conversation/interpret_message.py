"""What a message means, worked out before the transaction: triage, and matching where there is time for it."""

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

PIECES_BELONG_TOGETHER = timedelta(minutes=10)
"""Messages within this time are read by triage as one: 「もう」「死」「にたい」."""
SECOND_HALF = timedelta(seconds=30)
"""A message that was not answered and the next one, within this time, are matched as one."""
PIECES = 12


@dataclass(frozen=True)
class Interpreted:
    """What was understood. `is_busy`: the resident is over the limit, only the lists were read."""

    understood: Understanding
    is_busy: bool


@dataclass(frozen=True)
class _Before:
    """What is known of the resident before this message."""

    talk: Conversation
    recent: list[Recent]
    is_busy: bool


def interpret(context: AppContext, message: Inbound) -> Interpreted:
    """Triage always; matching unless the resident is over the limit or the model fails."""
    with context.store.reading() as connection:
        before = _before(connection, context, message)
    if message.kind is EventKind.STICKER:
        return Interpreted(_understand(context.content.understander, message.text, [], []), before.is_busy)
    if message.kind not in WRITTEN:
        return Interpreted(context.content.understander.by_lists(""), before.is_busy)
    earlier = pieces(before.recent)
    if before.is_busy:
        return Interpreted(context.content.understander.by_lists(message.text, earlier), is_busy=True)
    halves = [each.words for each in before.recent if message.received_at - each.received_at <= SECOND_HALF]
    first_half = halves if before.talk.unsettled else []
    return Interpreted(_understand(context.content.understander, message.text, earlier, first_half), is_busy=False)


def sounds_urgent(context: AppContext, message: Inbound) -> bool:
    """Whether triage hears something in it, alone or with what came before: then nothing is waited for."""
    with context.store.reading() as connection:
        before = _before(connection, context, message)
    return bool(context.content.understander.by_lists(message.text, pieces(before.recent)).signals)


def pieces(recent: list[Recent]) -> list[str]:
    """The messages since the last alarm: what has raised it must not raise it again with every next word."""
    found: list[str] = []
    for each in recent:
        found = [] if each.heard else [*found, each.words]
    return found


def _understand(understander: Understander, text: str, earlier: list[str], first_half: list[str]) -> Understanding:
    try:
        return understander.understand(text, earlier, first_half)
    except Exception as error:  # noqa: BLE001 -- whatever the model does, the lists' triage and a case must happen
        log.error("understanding_failed", error=type(error).__name__)
        return understander.by_lists(text, earlier)


def _before(connection: Connection, context: AppContext, message: Inbound) -> _Before:
    since = message.received_at - timedelta(minutes=1)
    is_busy = count_since(connection, since, source=message.source) >= context.limits.per_source
    resident = find_resident(connection, message.channel, message.sender)
    if resident is None:
        return _Before(Conversation(), [], is_busy)
    is_busy = is_busy or count_since(connection, since, resident=resident) >= context.limits.per_resident
    recent = read_recent(connection, context.keys, resident, message.received_at - PIECES_BELONG_TOGETHER, PIECES)
    return _Before(read_conversation(connection, context.keys, resident), recent, is_busy)
