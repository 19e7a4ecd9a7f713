"""A resident writes: understand, step the talk, keep everything in one commit, and only then answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.beyond_text import turn_beyond_text, words_of
from bot.domain.cases import (
    Action,
    Arrived,
    Case,
    after_message,
    cancelled,
    opened,
    put_back,
    returned,
    shown_number,
)
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation import Step, Talk, Turn, speaks_beside_staff, step
from bot.domain.duty_roster import DutyRoster
from bot.domain.lines_said import Moment
from bot.domain.messages import Happened, Inbound, Route
from bot.domain.normalise import at_the_door
from bot.domain.replies import Writer
from bot.domain.switches import ORDINARY, Switches
from bot.handlers.interpret import Interpreted, interpret
from bot.handlers.note_unclear import Noticed, note_unclear
from bot.handlers.reception import Reception
from bot.handlers.tell_staff import News, roster_of, tell_staff
from bot.storage.case_rows import (
    RESIDENT,
    Done,
    change_case,
    find_last_case,
    find_open_case,
    free_number,
    open_case,
)
from bot.storage.duty_rows import read_switches
from bot.storage.inbox_rows import was_unsent
from bot.storage.message_rows import add_inbound, find_event
from bot.storage.outbox_rows import Answer, add_outbound
from bot.storage.resident_rows import keep_address, lock_resident, new_id, read_talk, save_talk

SAME_CASE = timedelta(days=7)
"""Who writes again within this time after the end of a case goes on with it."""
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
    reception = reception.settled()
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
    desk = _desk(connection, arrival, resident)
    talk = read_talk(connection, keys, resident)
    turn = _switched(arrival, _moment(arrival, desk), _turn(arrival, talk, _moment(arrival, desk)))
    speaks = speaks_beside_staff(turn, desk.case, last.received_at)
    case_id = _keep_case(connection, turn, arrival, desk, told=speaks)
    rows = [
        add_inbound(connection, keys, resident, _as_kept(connection, arrival, each, case_id), case_id)
        for each in arrival.messages
    ]
    in_case = case_id is not None or desk.case is not None
    note_unclear(connection, keys, Noticed(resident, rows[-1], last, turn, talk.entry, in_case))
    if last.silent or not speaks:
        return
    channel = last.channel if last.goes_out else ""
    answer = Answer(resident, rows[-1], turn.reply, last.received_at, channel, last.ticket, turn.case is not None)
    if last.kind is Happened.JOIN:
        add_outbound(connection, keys, replace(answer, ticket="", leaves=True, position=1))
        if not last.ticket:
            return
    add_outbound(connection, keys, answer)
    save_talk(connection, keys, resident, turn.talk)


@dataclass(frozen=True)
class _Desk:
    """What the desk has of this resident: the open case or one that ended lately, the number to say, who is there."""

    resident: str
    case: Case | None
    lately: Case | None
    number: str
    roster: DutyRoster
    switches: Switches


def _desk(connection: Connection, arrival: _Arrival, resident: str) -> _Desk:
    case = find_open_case(connection, resident)
    lately = None if case else find_last_case(connection, resident, arrival.last.received_at - SAME_CASE)
    known = case or lately
    number = known.number if known else free_number(connection)
    roster = roster_of(connection, arrival.reception)
    return _Desk(resident, case, lately, number, roster, read_switches(connection))


def _moment(arrival: _Arrival, desk: _Desk) -> Moment:
    local = arrival.now.astimezone(CITY_ZONE)
    in_danger = desk.case is not None and desk.case.is_danger_at(arrival.now)
    is_open = desk.case is not None
    return Moment(local, is_holiday, shown_number(desk.number), is_open, in_danger, desk.roster, desk.switches)


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


def _switched(arrival: _Arrival, moment: Moment, turn: Turn) -> Turn:
    """The turn under what the office has switched: never what is about a case or a danger."""
    if arrival.last.kind is Happened.JOIN:
        return turn
    writer, reply = Writer.of(arrival.reception.understander.catalog, moment), turn.reply
    is_ordinary = reply.route in ORDINARY and not (turn.case or turn.cancels or turn.returns)
    if is_ordinary and moment.switches.mutes(arrival.last.channel):
        reply = writer.switched_off()
    reply = writer.in_disaster(reply)
    return replace(turn, reply=reply, talk=replace(turn.talk, choices=reply.choices))


def _as_kept(connection: Connection, arrival: _Arrival, message: Inbound, case_id: str | None) -> Inbound:
    """The message with the words that are kept: none of those that its writer has taken back already."""
    if was_unsent(connection, message.channel, message.message):
        return replace(message, text="")
    return replace(message, text=words_of(arrival.reception.understander.catalog, message, in_case=case_id is not None))


def _keep_case(connection: Connection, turn: Turn, arrival: _Arrival, desk: _Desk, *, told: bool) -> str | None:
    """Open, add to, raise or cancel the resident's case and tell staff; the id of the case this message belongs to."""
    now, keys = arrival.last.received_at, arrival.reception.keys
    if desk.case is None:
        return _begin_case(connection, turn, arrival, desk) if turn.case else None
    action, changed = _changed(turn, desk, now)
    if action is None:
        return None
    if told and desk.case.staff_answer and turn.case:
        changed = replace(changed, told_at=now)
    change_case(connection, keys, desk.case, changed, Done(action, RESIDENT))
    if action is not Action.RETURN:
        tell_staff(connection, arrival.reception, desk.roster, News(changed, action, now))
    return desk.case.id


def _changed(turn: Turn, desk: _Desk, now: datetime) -> tuple[Action | None, Case]:
    """What this message does to the open case."""
    case = desk.case
    if case is None:
        raise LookupError
    if turn.cancels:
        return Action.CANCEL, cancelled(case, now)
    if turn.returns and case.staff_answer:
        return Action.RETURN, returned(case, now)
    if turn.case or turn.adds or case.staff_answer:
        return after_message(case, turn.case, now, desk.roster)
    return None, case


def _begin_case(connection: Connection, turn: Turn, arrival: _Arrival, desk: _Desk) -> str:
    """A new case, or the one that ended lately opened again."""
    now, keys = arrival.last.received_at, arrival.reception.keys
    wish = turn.case
    if wish is None:
        raise LookupError
    if desk.lately:
        again = put_back(desk.lately, Action.REOPEN, now, desk.roster)
        again = replace(again, urgency=wish.urgency, kind=wish.kind)
        change_case(connection, keys, desk.lately, again, Done(Action.REOPEN, RESIDENT))
        tell_staff(connection, arrival.reception, desk.roster, News(again, Action.REOPEN, now))
        return again.id
    arrived = Arrived(now, desk.resident, arrival.last.source)
    case = opened(new_id(), desk.number, wish, arrived, desk.roster)
    open_case(connection, keys, case)
    tell_staff(connection, arrival.reception, desk.roster, News(case, Action.OPEN, now))
    return case.id
