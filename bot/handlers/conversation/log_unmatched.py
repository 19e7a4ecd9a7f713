"""What was not understood is kept for the office: masked, sealed, and never out of a case."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.conversation.dialogue_step import Turn
from bot.domain.conversation.unmatched import WRONG, unmatched_reason
from bot.domain.messages import EventKind, Inbound
from bot.handlers.app_context import AppContext
from bot.handlers.mask_words import masked_beginning
from bot.storage.conversation.message_rows import read_last_question
from bot.storage.conversation.unmatched_rows import UnmatchedMessage, add_unmatched, count_verdict
from bot.storage.identifiers import new_id

_SAME_TALK = timedelta(hours=1)


@dataclass(frozen=True)
class UnmatchedInput:
    """A message that was answered. `row`: its row; `entry`: what the talk was about before it."""

    resident: str
    row: str
    message: Inbound
    turn: Turn
    entry: str
    in_case: bool


def log_unmatched(connection: Connection, context: AppContext, noticed: UnmatchedInput) -> None:
    """Keep it where it was not understood, or the one before it where the answer to that was wrong."""
    message, turn = noticed.message, noticed.turn
    if noticed.in_case or message.kind not in {EventKind.TEXT, EventKind.PRESS}:
        return
    if turn.verdict:
        count_verdict(connection, noticed.entry, turn.verdict)
    if turn.verdict == WRONG:
        since = message.received_at - _SAME_TALK
        question = read_last_question(connection, context.keys, noticed.resident, since, noticed.row)
        if question:
            row, words = question
            _keep(
                connection, context, row, UnmatchedMessage(new_id(), WRONG, noticed.entry, message.received_at, words)
            )
        return
    why = unmatched_reason(turn)
    if why:
        _keep(connection, context, noticed.row, UnmatchedMessage(new_id(), why, "", message.received_at, message.text))


def _keep(connection: Connection, context: AppContext, row: str, found: UnmatchedMessage) -> None:
    words = masked_beginning(context.content.understander.analyzer, found.words)
    if words.strip():
        add_unmatched(connection, context.keys, row, replace(found, words=words))
