"""A resident writes: understand, step the talk, keep everything in one commit, and only then answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.city_calendar import CITY_ZONE
from bot.domain.conversation.dialogue_step import Conversation, Step, Turn, as_private, speaks_beside_staff, step
from bot.domain.conversation.non_text_messages import turn_beyond_text, words_of
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.replies import ReplyWriter
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
"""What else is written in the same commit. False: another worker was first, and nothing is kept."""


class TakenElsewhereError(Exception):
    """Another worker has handled these messages; nothing was kept."""


@dataclass(frozen=True)
class _Arrival:
    """Messages that are answered as one, and what they mean."""

    context: AppContext
    messages: tuple[Inbound, ...]
    now: datetime
    meaning: Interpreted

    @property
    def last(self) -> Inbound:
        """The message that the answer goes to."""
        return self.messages[-1]


def receive(context: AppContext, messages: Sequence[Inbound], now: datetime, settle: Settle = lambda _: True) -> None:
    """Keep messages of one resident and the one answer to them. A message that came before changes nothing."""
    context = context.pinned()
    clean = tuple(replace(each, text=clean_input(each.text)) for each in messages)
    last = clean[-1]
    meaning = interpret(context, replace(last, text="\n".join(each.text for each in clean)))

    def work(connection: Connection) -> None:
        resident = lock_resident(connection, last.channel, last.sender, now)
        if not settle(connection):
            raise TakenElsewhereError
        if last.address:
            store_address(connection, context.keys, resident, last.address)
        fresh = tuple(each for each in clean if find_event(connection, each.channel, each.event) is None)
        if fresh:
            _step(connection, _Arrival(context, fresh, now, meaning), resident)

    context.store.transaction(work)


def _step(connection: Connection, arrival: _Arrival, resident: str) -> None:
    """The talk's step and all it changes, inside the transaction."""
    keys, last = arrival.context.keys, arrival.last
    talk = read_conversation(connection, keys, resident)
    standing = read_case_standing(connection, arrival.context, resident, last)
    moment = standing.moment(arrival.now)
    turn = _shown(arrival, standing, moment, _turn(arrival, talk, moment))
    speaks = speaks_beside_staff(turn, standing.case, last.received_at)
    case = apply_turn(turn, standing, told=speaks)
    kept = [_as_kept(connection, arrival, each, case) for each in arrival.messages]
    filed = Filed(case, heard=turn.case is not None)
    rows = [add_inbound(connection, keys, resident, each, filed) for each in kept]
    in_case = case is not None or standing.case is not None
    log_unmatched(connection, keys, UnmatchedInput(resident, rows[-1], last, turn, talk.entry, in_case))
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


def _turn(arrival: _Arrival, talk: Conversation, moment: ReplyContext) -> Turn:
    """The step; where nothing could be matched, what is said instead of 'I do not know'."""
    context, meaning = arrival.context, arrival.meaning
    catalog = context.content.catalog
    if arrival.last.kind not in WRITTEN:
        beyond = Step(catalog, context.thresholds, talk, meaning.understood, ReplyWriter.of(catalog, moment))
        return turn_beyond_text(beyond, arrival.last)
    turn = step(catalog, context.thresholds, talk, meaning.understood, moment)
    if arrival.last.kind is EventKind.FORM:
        return as_private(turn, catalog.kinds)
    if meaning.understood.ranking is not None or turn.reply.route is not Route.UNKNOWN:
        return turn
    writer = ReplyWriter.of(catalog, moment)
    calm = (
        writer.plain("busy", Route.UNKNOWN) if meaning.is_busy else replace(writer.menu("trouble"), route=Route.UNKNOWN)
    )
    return replace(turn, reply=calm, talk=replace(turn.talk, choices=calm.choices))


def _shown(arrival: _Arrival, standing: CaseStanding, moment: ReplyContext, turn: Turn) -> Turn:
    """The turn as it is shown: under what the office has switched, and with what else becomes of the message.

    What is about a case or a danger is never switched off.
    """
    if arrival.last.kind is EventKind.JOIN:
        return turn
    writer, reply = ReplyWriter.of(arrival.context.content.catalog, moment), turn.reply
    is_ordinary = reply.route in ORDINARY and not (turn.case or turn.cancels or turn.returns)
    if is_ordinary and moment.switches.mutes(arrival.last.channel):
        reply = writer.switched_off()
    if joins_silently(turn, standing.case):
        reply = writer.kept_in_case(reply)
    reply = writer.in_disaster(reply)
    return replace(turn, reply=reply, talk=replace(turn.talk, choices=reply.choices))


def _as_kept(connection: Connection, arrival: _Arrival, message: Inbound, case_id: str | None) -> Inbound:
    """The message with the words that are kept: none of those that its writer has taken back already."""
    if was_unsent(connection, message.channel, message.message):
        return replace(message, text="")
    return replace(message, text=words_of(arrival.context.content.catalog, message, in_case=case_id is not None))
