"""Receive a resident's message: interpret it, take the conversation's step, store everything in one commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.city_calendar import CITY_ZONE
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import Step, as_private, speaks_beside_staff, step
from bot.domain.conversation.non_text_messages import non_text_turn, words_of
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.conversation.turn import Turn
from bot.domain.messages import WRITTEN, EventKind, Inbound, Route
from bot.domain.switches import ORDINARY
from bot.domain.understanding.normalise import clean_input
from bot.handlers.app_context import AppContext
from bot.handlers.cases.apply_to_case import CaseStanding, apply_turn, joins_silently, read_case_standing
from bot.handlers.conversation.interpret_message import Interpreted, interpret
from bot.handlers.conversation.log_unmatched import UnmatchedInput, log_unmatched
from bot.storage.conversation.count_rows import add_count
from bot.storage.conversation.message_rows import Filed, add_inbound, find_event
from bot.storage.conversation.resident_rows import lock_resident, read_conversation, save_conversation, store_address
from bot.storage.delivery.outbox_rows import OutboundAnswer, add_outbound
from bot.storage.inbox.inbox_rows import was_unsent

Settle = Callable[[Connection], bool]
"""Extra write in the same transaction. False rolls back: another worker was first."""


class TakenElsewhereError(Exception):
    """Another worker has handled these messages; nothing was stored."""


@dataclass(frozen=True)
class _Arrival:
    """Messages that get one answer, with their interpretation."""

    context: AppContext
    messages: tuple[Inbound, ...]
    now: datetime
    meaning: Interpreted

    @property
    def last(self) -> Inbound:
        """The message to answer."""
        return self.messages[-1]


def receive(context: AppContext, messages: Sequence[Inbound], now: datetime, settle: Settle = lambda _: True) -> None:
    """Store messages of one resident and one answer to them. Messages already stored are ignored.

    Raises TakenElsewhereError if `settle` returns False.
    """
    context = context.pinned()
    clean = tuple(replace(message, text=clean_input(message.text)) for message in messages)
    last = clean[-1]
    meaning = interpret(context, replace(last, text="\n".join(message.text for message in clean)))

    def work(connection: Connection) -> None:
        if not settle(connection):
            raise TakenElsewhereError
        resident = lock_resident(connection, last.channel, last.sender, now)
        if last.address:
            store_address(connection, context.keys, resident, last.address)
        new = tuple(message for message in clean if find_event(connection, message.channel, message.event) is None)
        if new:
            _answer(connection, _Arrival(context, new, now, meaning), resident)

    context.store.transaction(work)


def _answer(connection: Connection, arrival: _Arrival, resident: str) -> None:
    """Take the conversation's step and write everything it changes."""
    keys, last = arrival.context.keys, arrival.last
    talk = read_conversation(connection, keys, resident)
    standing = read_case_standing(connection, arrival.context, resident, last)
    reply_context = standing.moment(arrival.now)
    turn = _adapted(arrival, standing, reply_context, _turn(arrival, talk, reply_context))
    speaks = speaks_beside_staff(turn, standing.case, last.received_at)
    case = apply_turn(turn, standing, bot_speaks=speaks)
    stored = [_as_stored(connection, arrival, message, case) for message in arrival.messages]
    filed = Filed(case, heard=turn.case is not None)
    rows = [add_inbound(connection, keys, resident, message, filed) for message in stored]
    in_case = case is not None or standing.case is not None
    log_unmatched(connection, arrival.context, UnmatchedInput(resident, rows[-1], last, turn, talk.entry, in_case))
    if last.silent or not speaks:
        return
    channel = last.channel if last.goes_out else ""
    answer = OutboundAnswer(
        resident,
        rows[-1],
        turn.reply,
        last.received_at,
        channel,
        last.ticket,
        turn.case is not None,
        restored=last.restored,
    )
    if last.kind is EventKind.JOIN:
        add_outbound(connection, keys, replace(answer, ticket="", leaves=True, position=1))
        if not last.ticket:
            return
    add_outbound(connection, keys, answer)
    save_conversation(connection, keys, resident, turn.talk)
    if last.kind is EventKind.TEXT:
        day = last.received_at.astimezone(CITY_ZONE).date()
        add_count(connection, day, last.channel, turn.reply.route)


def _turn(arrival: _Arrival, talk: Conversation, reply_context: ReplyContext) -> Turn:
    """The conversation's step. If matching was skipped or failed, an apology replaces 'I do not know'."""
    context, meaning = arrival.context, arrival.meaning
    catalog = context.content.catalog
    if arrival.last.kind not in WRITTEN:
        beyond = Step(catalog, context.thresholds, talk, meaning.understood, ReplyWriter.of(catalog, reply_context))
        return non_text_turn(beyond, arrival.last)
    turn = step(catalog, context.thresholds, talk, meaning.understood, reply_context)
    if arrival.last.kind is EventKind.FORM:
        return as_private(turn, catalog.kinds)
    if meaning.understood.ranking is not None or turn.reply.route is not Route.UNKNOWN:
        return turn
    writer = ReplyWriter.of(catalog, reply_context)
    apology = (
        writer.plain("busy", Route.UNKNOWN) if meaning.is_busy else replace(writer.menu("trouble"), route=Route.UNKNOWN)
    )
    return replace(turn, reply=apology, talk=replace(turn.talk, choices=apology.choices))


def _adapted(arrival: _Arrival, standing: CaseStanding, reply_context: ReplyContext, turn: Turn) -> Turn:
    """The turn after the office's switches, with notes on an open case and on a disaster.

    A reply about a case or a danger is never switched off.
    """
    if arrival.last.kind is EventKind.JOIN:
        return turn
    writer, reply = ReplyWriter.of(arrival.context.content.catalog, reply_context), turn.reply
    is_ordinary = reply.route in ORDINARY and not (turn.case or turn.cancels or turn.returns)
    if is_ordinary and reply_context.switches.mutes(arrival.last.channel):
        reply = writer.switched_off()
    if joins_silently(turn, standing.case):
        reply = writer.kept_in_case(reply)
    reply = writer.in_disaster(reply)
    return replace(turn, reply=reply, talk=replace(turn.talk, choices=reply.choices))


def _as_stored(connection: Connection, arrival: _Arrival, message: Inbound, case_id: str | None) -> Inbound:
    """The message with the text to store: empty if its writer has already retracted it."""
    if was_unsent(connection, message.channel, message.message):
        return replace(message, text="")
    return replace(message, text=words_of(arrival.context.content.catalog, message, in_case=case_id is not None))
