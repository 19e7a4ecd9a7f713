"""A resident writes: understand, step the talk, keep everything in one commit, and only then answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.beyond_text import turn_beyond_text, words_of
from bot.domain.cases import Action, Arrived, Case, after, after_message, opened, shown_number
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation import Step, Talk, Turn, step
from bot.domain.lines_said import Moment
from bot.domain.messages import Happened, Inbound, Route
from bot.domain.normalise import at_the_door
from bot.domain.replies import Writer
from bot.handlers.interpret import Interpreted, interpret
from bot.handlers.reception import Reception
from bot.storage.case_rows import change_case, find_open_case, free_number, open_case
from bot.storage.inbox_rows import was_unsent
from bot.storage.message_rows import add_inbound, find_event
from bot.storage.outbox_rows import Answer, add_outbound
from bot.storage.resident_rows import keep_address, lock_resident, new_id, read_talk, save_talk

Settle = Callable[[Connection], bool]
"""What else is written in the same commit. False: another worker was first, and nothing is kept."""


class TakenElsewhereError(Exception):
    """Another worker has handled these messages; nothing was kept."""


@dataclass(frozen=True)
class _Arrival:
    """Messages that are answered as one, and what they mean."""

    reception: Reception
    messages: tuple[Inbound, ...]
    now: datetime
    meaning: Interpreted

    @property
    def last(self) -> Inbound:
        """The message that the answer goes to."""
        return self.messages[-1]


def receive(reception: Reception, messages: Sequence[Inbound], now: datetime, settle: Settle = lambda _: True) -> None:
    """Keep messages of one resident and the one answer to them. A message that came before changes nothing."""
    clean = tuple(replace(each, text=at_the_door(each.text)) for each in messages)
    last = clean[-1]
    meaning = interpret(reception, replace(last, text="\n".join(each.text for each in clean)))

    def work(connection: Connection) -> None:
        resident = lock_resident(connection, last.channel, last.sender, now)
        if not settle(connection):
            raise TakenElsewhereError
        if last.address:
            keep_address(connection, reception.keys, resident, last.address)
        fresh = tuple(each for each in clean if find_event(connection, each.channel, each.event) is None)
        if fresh:
            _step(connection, _Arrival(reception, fresh, now, meaning), resident)

    reception.store.transaction(work)


def _step(connection: Connection, arrival: _Arrival, resident: str) -> None:
    """The talk's step and all it changes, inside the transaction."""
    keys, last = arrival.reception.keys, arrival.last
    case = find_open_case(connection, resident)
    number = case.number if case else free_number(connection)
    talk = read_talk(connection, keys, resident)
    turn = _turn(arrival, talk, _moment(arrival, case, number))
    case_id = _keep_case(connection, turn, arrival, case or _new_case(turn, arrival, resident, number))
    rows = [
        add_inbound(connection, keys, resident, _as_kept(connection, arrival, each, case_id), case_id)
        for each in arrival.messages
    ]
    if last.silent:
        return
    channel = last.channel if last.goes_out else ""
    answer = Answer(resident, rows[-1], turn.reply, last.received_at, channel, last.ticket, turn.case is not None)
    if last.kind is Happened.JOIN:
        add_outbound(connection, keys, replace(answer, ticket="", leaves=True, position=1))
        if not last.ticket:
            return
    add_outbound(connection, keys, answer)
    save_talk(connection, keys, resident, turn.talk)


def _moment(arrival: _Arrival, case: Case | None, number: str) -> Moment:
    local = arrival.now.astimezone(CITY_ZONE)
    in_danger = case is not None and case.is_danger_at(arrival.now)
    return Moment(local, is_holiday, shown_number(number), case_is_open=case is not None, in_danger=in_danger)


def _turn(arrival: _Arrival, talk: Talk, moment: Moment) -> Turn:
    """The step; where nothing could be matched, what is said instead of 'I do not know'."""
    reception, meaning = arrival.reception, arrival.meaning
    catalog = reception.understander.catalog
    if arrival.last.kind is not Happened.TEXT:
        beyond = Step(catalog, reception.thresholds, talk, meaning.understood, Writer.of(catalog, moment))
        return turn_beyond_text(beyond, arrival.last)
    turn = step(catalog, reception.thresholds, talk, meaning.understood, moment)
    if meaning.understood.ranking is not None or turn.reply.route is not Route.UNKNOWN:
        return turn
    writer = Writer.of(catalog, moment)
    calm = (
        writer.plain("busy", Route.UNKNOWN) if meaning.is_busy else replace(writer.menu("trouble"), route=Route.UNKNOWN)
    )
    return replace(turn, reply=calm, talk=replace(turn.talk, choices=calm.choices))


def _as_kept(connection: Connection, arrival: _Arrival, message: Inbound, case_id: str | None) -> Inbound:
    """The message with the words that are kept: none of those that its writer has taken back already."""
    if was_unsent(connection, message.channel, message.message):
        return replace(message, text="")
    return replace(message, text=words_of(arrival.reception.understander.catalog, message, in_case=case_id is not None))


def _new_case(turn: Turn, arrival: _Arrival, resident: str, number: str) -> Case | None:
    if turn.case is None:
        return None
    return opened(new_id(), number, resident, turn.case, Arrived(arrival.last.received_at, arrival.last.source))


def _keep_case(connection: Connection, turn: Turn, arrival: _Arrival, case: Case | None) -> str | None:
    """Open, add to, raise or cancel the resident's case; the id of the case that this message belongs to."""
    now = arrival.last.received_at
    if case is None or not (turn.case or turn.cancels or turn.adds):
        return None
    if turn.cancels:
        change_case(connection, case, after(case, Action.CANCEL, now), Action.CANCEL)
    elif turn.adds:
        change_case(connection, case, after(case, Action.ADD, now), Action.ADD)
    elif turn.case and case.opened_at == now and find_open_case(connection, case.resident) is None:
        open_case(connection, case)
    elif turn.case:
        action, changed = after_message(case, turn.case, now)
        change_case(connection, case, changed, action)
    return case.id
