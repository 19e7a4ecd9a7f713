"""A resident writes: triage, match, step the talk, keep everything in one commit, and only then answer."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.cases import Action, Case, is_raised, shown_number
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation import CaseWish, Talk, Turn, step
from bot.domain.decision import Thresholds, Understanding
from bot.domain.messages import Inbound, Reply, Route
from bot.domain.normalise import at_the_door
from bot.domain.replies import Moment, Writer
from bot.domain.understanding import Understander
from bot.storage.case_rows import change_case, find_open_case, free_number, open_case
from bot.storage.engine import Store
from bot.storage.message_rows import (
    OutboundState,
    Recent,
    add_inbound,
    add_outbound,
    count_since,
    find_event,
    read_recent,
)
from bot.storage.resident_rows import find_resident, lock_resident, read_talk, save_talk
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

    def work(connection: Connection) -> str:
        resident = lock_resident(connection, message.channel, message.sender, message.received_at)
        if find_event(connection, message.channel, message.event) is None:
            _step(connection, reception, resident, message, understood, is_busy=before.is_busy)
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
        each.words for each in before.recent if before.talk.unsettled and message.received_at - each.received_at <= SECOND_HALF
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


def _step(
    connection: Connection,
    reception: Reception,
    resident: str,
    message: Inbound,
    understood: Understanding,
    *,
    is_busy: bool,
) -> None:
    """The talk's step and all it changes, inside the transaction."""
    case = find_open_case(connection, resident)
    number = case.number if case else free_number(connection)
    moment = Moment(message.received_at.astimezone(CITY_ZONE), is_holiday, shown_number(number), case_is_open=case is not None)
    talk = read_talk(connection, reception.keys, resident)
    catalog = reception.understander.catalog
    turn = step(catalog, reception.thresholds, talk, understood, moment)
    if turn.reply.route not in {Route.EMERGENCY, Route.DESK} and understood.ranking is None and not turn.cancels:
        turn = replace(turn, reply=_without_model(Writer.of(catalog, moment), turn, is_busy=is_busy))
    case_id = _keep_case(connection, resident, number, case, turn, message)
    row = add_inbound(connection, reception.keys, resident, message, case_id)
    add_outbound(connection, reception.keys, resident, row, turn.reply, message.received_at, OutboundState.ACCEPTED)
    save_talk(connection, reception.keys, resident, turn.talk)


def _without_model(writer: Writer, turn: Turn, *, is_busy: bool) -> Reply:
    """Over the limit: a calm sentence. With a broken model: the menu, unless the talk was steered by the resident."""
    if turn.reply.route is not Route.UNKNOWN:
        return turn.reply
    return writer.plain("busy", Route.UNKNOWN) if is_busy else replace(writer.menu("trouble"), route=Route.UNKNOWN)


def _keep_case(
    connection: Connection, resident: str, number: str, case: Case | None, turn: Turn, message: Inbound
) -> str | None:
    """Open, add to, raise or cancel the resident's case; the id of the case that this message belongs to."""
    now = message.received_at
    if case and turn.cancels:
        change_case(connection, case, Action.CANCEL, case.kind, case.urgency, now)
        return case.id
    if turn.case is None:
        return None
    if case is None:
        return open_case(connection, resident, number, turn.case.kind, turn.case.urgency, message.source, now)
    _add_to(connection, case, turn.case, now)
    return case.id


def _add_to(connection: Connection, case: Case, wish: CaseWish, now: datetime) -> None:
    if is_raised(case, wish.kind, wish.urgency):
        change_case(connection, case, Action.RAISE, wish.kind, wish.urgency, now)
    else:
        change_case(connection, case, Action.ADD, case.kind, case.urgency, now)


def new_event() -> str:
    """An event id for a message whose channel gives none."""
    return secrets.token_hex(16)
