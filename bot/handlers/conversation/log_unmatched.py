"""Store messages that were not understood, for the office: masked, sealed, never from a case."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.conversation.turn import Turn
from bot.domain.conversation.unmatched import WRONG, unmatched_reason
from bot.domain.messages import EventKind, Inbound
from bot.handlers.app_context import AppContext
from bot.handlers.mask_words import masked_beginning
from bot.storage.conversation.message_rows import read_last_question
from bot.storage.conversation.unmatched_rows import UnmatchedMessage, add_unmatched, count_verdict
from bot.storage.identifiers import new_id

_SAME_CONVERSATION = timedelta(hours=1)


@dataclass(frozen=True)
class UnmatchedInput:
    """An answered message. `row`: its row id; `entry`: the entry the conversation was about before it."""

    resident: str
    row: str
    message: Inbound
    turn: Turn
    entry: str
    in_case: bool


def log_unmatched(connection: Connection, context: AppContext, answered: UnmatchedInput) -> None:
    """Store the message if it was not understood, or the previous one if the resident called its answer wrong."""
    message, turn = answered.message, answered.turn
    if answered.in_case or message.kind not in {EventKind.TEXT, EventKind.PRESS}:
        return
    if turn.verdict:
        count_verdict(connection, answered.entry, turn.verdict)
    if turn.verdict == WRONG:
        since = message.received_at - _SAME_CONVERSATION
        question = read_last_question(connection, context.keys, answered.resident, since, answered.row)
        if question:
            row, words = question
            _store(
                connection, context, row, UnmatchedMessage(new_id(), WRONG, answered.entry, message.received_at, words)
            )
        return
    why = unmatched_reason(turn)
    if why:
        _store(
            connection, context, answered.row, UnmatchedMessage(new_id(), why, "", message.received_at, message.text)
        )


def _store(connection: Connection, context: AppContext, row: str, unmatched: UnmatchedMessage) -> None:
    words = masked_beginning(context.content.understander.analyzer, unmatched.words)
    if words.strip():
        add_unmatched(connection, context.keys, row, replace(unmatched, words=words))
