"""Events that were kept are taken up: those of one person or group in order, pieces of one thought as one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.domain.messages import Event, EventKind, Inbound
from bot.domain.staff.chat_commands import is_for_staff
from bot.domain.understanding.triage import Triage
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.interpret_message import sounds_urgent
from bot.handlers.conversation.receive_message import TakenElsewhereError, receive
from bot.handlers.staff.staff_chat_events import handle_staff_event
from bot.storage.cases.proposal_rows import delete_proposed_with
from bot.storage.conversation.message_rows import erase_words, lock_writers
from bot.storage.conversation.resident_rows import mark_unreachable
from bot.storage.inbox.inbox_rows import (
    Lane,
    StoredEvent,
    erase_raw,
    fail_events,
    finish_events,
    lease_lane,
    open_raw,
    waiting_events,
)
from bot.storage.leases import Lease
from bot.storage.sealing import Keyring, SealError

log = structlog.get_logger()

LEASED_FOR = timedelta(seconds=15)
AGAIN_AFTER = timedelta(seconds=2)
"""Times the number of failures: when an event that failed is tried again."""
_MOST_PIECES = 10
_NOBODY_ANSWERS = frozenset({EventKind.UNSEND, EventKind.UNFOLLOW, EventKind.LEAVE, EventKind.OTHER})


class _NotForStaffError(Exception):
    """It looked so; it was a resident's, or a stranger's group."""


@dataclass(frozen=True)
class _Taken:
    """An event that was kept, and what it says."""

    kept: StoredEvent
    event: Event


def process_lane(context: AppContext, lane: Lane, worker: str = "") -> timedelta | None:
    """Handle what comes first in the lane. How long to wait before the next call; None when nothing is left.

    `worker` names one of several processes that work on the same database.
    """
    kept = _come(context, lane, worker)
    if not kept:
        return None
    if kept[0].due_at > context.clock():
        return kept[0].due_at - context.clock()
    try:
        run, last_of_lane = _first_run(context, lane, kept)
    except SealError as error:
        _failed(context, lane, kept[:1], error)
        return timedelta()
    wait = _pause(context, lane, run) if last_of_lane else timedelta()
    if wait <= timedelta():
        _handle_safely(context, lane, run)
    return max(wait, timedelta())


def _come(context: AppContext, lane: Lane, worker: str) -> list[StoredEvent]:
    """What waits in the lane, for this worker alone; without a name the worker is the only one."""
    if not worker:
        with context.store.reading() as connection:
            return waiting_events(connection, lane)
    now = context.clock()
    return context.store.transaction(partial(lease_lane, lane=lane, lease=Lease(worker, now, now + LEASED_FOR)))


def _first_run(context: AppContext, lane: Lane, kept: Sequence[StoredEvent]) -> tuple[list[_Taken], bool]:
    """The events to be answered as one, and whether nothing came after them. What failed before is tried alone."""
    channel, keys = context.channels[lane.channel], context.keys
    taken: list[_Taken] = []
    for each in kept:
        if taken and each.attempts:
            return taken, False
        event = _heard(context.content.catalog.triage, channel.read(open_raw(keys, each), each.received_at))
        alone = event.kind is not EventKind.TEXT or each.attempts > 0 or is_for_staff(event)
        if taken and (alone or event.silent != taken[0].event.silent or len(taken) == _MOST_PIECES):
            return taken, False
        taken.append(_Taken(each, event))
        if alone:
            break
    return taken, len(taken) == len(kept)


def _heard(triage: Triage, event: Event) -> Event:
    """An event with strings that nobody could place: the one in which triage hears something is (part of) its text."""
    cry = next((stray for stray in event.strays if triage.read(stray)), "")
    return replace(event, kind=EventKind.TEXT, text="\n".join(filter(None, (event.text, cry)))) if cry else event


def _pause(context: AppContext, lane: Lane, run: Sequence[_Taken]) -> timedelta:
    """How long to wait for the next piece: not at all for what sounds urgent, or is no text."""
    last = run[-1]
    left = last.kept.received_at + context.reply_pause - context.clock()
    if last.event.kind is not EventKind.TEXT or left <= timedelta() or last.kept.attempts:
        return timedelta()
    joined = replace(_inbound(lane, last), text="\n".join(each.event.text for each in run))
    return timedelta() if sounds_urgent(context, joined) else left


def _handle_safely(context: AppContext, lane: Lane, run: Sequence[_Taken]) -> None:
    """Handle the run; what fails is tried again, and after some failures set aside for a person."""
    try:
        _handle(context, lane, run)
    except TakenElsewhereError:
        return
    except Exception as error:  # noqa: BLE001 -- one event must not stop those of everybody else
        _failed(context, lane, [each.kept for each in run], error)


def _failed(context: AppContext, lane: Lane, kept: Sequence[StoredEvent], error: Exception) -> None:
    fault, later = type(error).__name__, context.clock() + AGAIN_AFTER * (kept[0].attempts + 1)
    aside = context.store.transaction(partial(fail_events, events=kept, fault=fault, due_at=later))
    log.warning("event_failed", channel=lane.channel, error=fault, events=len(kept))
    if aside:
        log.error("alarm_event_set_aside", channel=lane.channel, error=fault, see="python -m bot inbox")


def _handle(context: AppContext, lane: Lane, run: Sequence[_Taken]) -> None:
    ids = [each.kept.id for each in run]
    last = run[-1]
    if is_for_staff(last.event) and _was_for_staff(context, lane, last.event, ids):
        return
    if last.event.in_group:
        run = [_Taken(last.kept, replace(last.event, kind=EventKind.JOIN, text=""))]
    if last.event.kind not in _NOBODY_ANSWERS:
        inbounds = [_inbound(lane, each) for each in run]
        receive(context, inbounds, context.clock(), partial(finish_events, ids=ids))
        return

    def work(connection: Connection) -> None:
        if finish_events(connection, ids):
            _note(connection, context.keys, lane, last.event)

    context.store.transaction(work)


def _was_for_staff(context: AppContext, lane: Lane, event: Event, ids: Sequence[str]) -> bool:
    """Whether it was, and is settled now; if not, nothing is kept."""

    def work(connection: Connection) -> None:
        if finish_events(connection, ids) and not handle_staff_event(connection, context, lane, event):
            raise _NotForStaffError

    try:
        context.store.transaction(work)
    except _NotForStaffError:
        return False
    return True


def _note(connection: Connection, keys: Keyring, lane: Lane, event: Event) -> None:
    """What has no answer but changes something: a message taken back, a resident who blocked the bot."""
    if event.kind is EventKind.UNSEND:
        erase_raw(connection, lane.channel, event.message)
        # Locked, so that nobody proposes the words for learning while they are erased.
        lock_writers(connection, lane.channel, lane.name, event.message)
        erase_words(connection, keys, lane.channel, event.message)
        delete_proposed_with(connection, lane.channel, event.message)
    elif event.kind in {EventKind.UNFOLLOW, EventKind.LEAVE}:
        mark_unreachable(connection, lane.channel, lane.name)


def _inbound(lane: Lane, taken: _Taken) -> Inbound:
    event, received_at = taken.event, taken.kept.received_at
    return Inbound(
        channel=lane.channel,
        sender=lane.name,
        event=event.key,
        text=event.text,
        received_at=received_at,
        source=lane.name,
        kind=event.kind,
        message=event.message,
        address=event.person,
        ticket=event.ticket,
        silent=event.silent,
        again=event.again,
        edits=event.edits,
        goes_out=True,
        restored=taken.kept.is_restored,
    )
