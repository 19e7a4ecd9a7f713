"""A resident writes: triage, match, step the talk, keep everything in one commit, and only then answer."""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.cases import Action, Arrived, Case, after, after_message, opened, shown_number
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation import Talk, Turn, step
from bot.domain.decision import Thresholds, Understanding
from bot.domain.lines_said import Moment
from bot.domain.messages import Inbound, Route
from bot.domain.normalise import at_the_door
from bot.domain.replies import Writer
from bot.domain.understanding import Understander
from bot.storage.case_rows import change_case, find_open_case, free_number, open_case
from bot.storage.engine import Store
from bot.storage.message_rows import (
    Answer,
    OutboundState,
    Recent,
    add_inbound,
    add_outbound,
    count_since,
    find_event,
    read_recent,
)
from bot.storage.resident_rows import find_resident, lock_resident, new_id, read_talk, save_talk
from bot.storage.sealing import Keyring

log = structlog.get_logger()

PIECES_BELONG_TOGETHER = timedelta(minutes=10)
"""Messages within this time are read by triage as one: 「もう」「死」「にたい」."""
SECOND_HALF = timedelta(seconds=30)
"""A message that was not answered and the next one, within this time, are matched as one."""
PIECES = 12


@dataclass(frozen=True)
class Limits:
    """Ordinary messages that are answered in full, per minute. Triage reads every message whatever the limits say."""

    per_resident: int = 20
    per_source: int = 120


@dataclass(frozen=True)
class Reception:
    """What receiving needs."""

    store: Store
    keys: Keyring
    understander: Understander
    thresholds: Thresholds
    limits: Limits = Limits()


@dataclass(frozen=True)
class _Arrival:
    """A message with what was understood of it before the transaction."""

    reception: Reception
    message: Inbound
    understood: Understanding
    is_busy: bool


@dataclass(frozen=True)
class _Before:
    """What is known of the resident before this message."""

    talk: Talk
    recent: list[Recent]
    is_busy: bool


def receive(reception: Reception, message: Inbound) -> str:
    """Keep the message and its answer; the id of the resident. A message that came before changes nothing."""
    message = replace(message, text=at_the_door(message.text))
    before = _before(reception, message)
    understood = _understand(reception, message, before)

    arrival = _Arrival(reception, message, understood, before.is_busy)

    def work(connection: Connection) -> str:
        resident = lock_resident(connection, message.channel, message.sender, message.received_at)
        if find_event(connection, message.channel, message.event) is None:
            _step(connection, arrival, resident)
        return resident

    return reception.store.transaction(work)


def _before(reception: Reception, message: Inbound) -> _Before:
    with reception.store.reading() as connection:
        since = message.received_at - timedelta(minutes=1)
        is_busy = count_since(connection, since, source=message.source) >= reception.limits.per_source
        resident = find_resident(connection, message.channel, message.sender)
        if resident is None:
            return _Before(Talk(), [], is_busy)
        is_busy = is_busy or count_since(connection, since, resident=resident) >= reception.limits.per_resident
        recent = read_recent(connection, reception.keys, resident, message.received_at - PIECES_BELONG_TOGETHER, PIECES)
        return _Before(read_talk(connection, reception.keys, resident), recent, is_busy)


def _understand(reception: Reception, message: Inbound, before: _Before) -> Understanding:
    """Triage always; matching unless the resident is over the limit or the model fails."""
    earlier = _since_last_case(before.recent)
    if before.is_busy:
        return reception.understander.by_lists(message.text, earlier)
    first_half = [
        each.words
        for each in before.recent
        if before.talk.unsettled and message.received_at - each.received_at <= SECOND_HALF
    ]
    try:
        return reception.understander.understand(message.text, earlier, first_half)
    except Exception as error:  # noqa: BLE001 -- whatever the model does, the lists' triage and a case must happen
        log.error("understanding_failed", error=type(error).__name__)
        return reception.understander.by_lists(message.text, earlier)


def _since_last_case(recent: list[Recent]) -> list[str]:
    """The pieces that no case holds yet: what has raised an alarm must not raise it again with every next word."""
    pieces: list[str] = []
    for each in recent:
        pieces = [] if each.in_case else [*pieces, each.words]
    return pieces


def _step(connection: Connection, arrival: _Arrival, resident: str) -> None:
    """The talk's step and all it changes, inside the transaction."""
    reception, message = arrival.reception, arrival.message
    case = find_open_case(connection, resident)
    number = case.number if case else free_number(connection)
    local = message.received_at.astimezone(CITY_ZONE)
    moment = Moment(local, is_holiday, shown_number(number), case_is_open=case is not None)
    talk = read_talk(connection, reception.keys, resident)
    turn = _turn(arrival, talk, moment)
    case_id = _keep_case(connection, turn, message, case or _new_case(turn, message, resident, number))
    row = add_inbound(connection, reception.keys, resident, message, case_id)
    answer = Answer(resident, row, turn.reply, message.received_at, OutboundState.ACCEPTED)
    add_outbound(connection, reception.keys, answer)
    save_talk(connection, reception.keys, resident, turn.talk)


def _turn(arrival: _Arrival, talk: Talk, moment: Moment) -> Turn:
    """The step; where nothing could be matched, what is said instead of 'I do not know'."""
    catalog = arrival.reception.understander.catalog
    turn = step(catalog, arrival.reception.thresholds, talk, arrival.understood, moment)
    if arrival.understood.ranking is not None or turn.reply.route is not Route.UNKNOWN:
        return turn
    writer = Writer.of(catalog, moment)
    calm = (
        writer.plain("busy", Route.UNKNOWN) if arrival.is_busy else replace(writer.menu("trouble"), route=Route.UNKNOWN)
    )
    return replace(turn, reply=calm, talk=replace(turn.talk, choices=calm.choices))


def _new_case(turn: Turn, message: Inbound, resident: str, number: str) -> Case | None:
    if turn.case is None:
        return None
    return opened(new_id(), number, resident, turn.case, Arrived(message.received_at, message.source))


def _keep_case(connection: Connection, turn: Turn, message: Inbound, case: Case | None) -> str | None:
    """Open, add to, raise or cancel the resident's case; the id of the case that this message belongs to."""
    now = message.received_at
    if case is None or not (turn.case or turn.cancels):
        return None
    if turn.cancels:
        change_case(connection, case, after(case, Action.CANCEL, now), Action.CANCEL)
    elif turn.case and case.opened_at == now and find_open_case(connection, case.resident) is None:
        open_case(connection, case)
    elif turn.case:
        action, changed = after_message(case, turn.case, now)
        change_case(connection, case, changed, action)
    return case.id
