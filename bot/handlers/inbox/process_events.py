"""Process stored events: those of one person or group in order, several quick messages as one."""

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
RETRY_DELAY = timedelta(seconds=2)
"""Delay before a failed event is retried, multiplied by its number of failures."""
_MOST_PER_RUN = 10
_WITHOUT_REPLY = frozenset({EventKind.UNSEND, EventKind.UNFOLLOW, EventKind.LEAVE, EventKind.OTHER})


class _NotForStaffError(Exception):
    """The event seemed to be for staff, but came from a resident or an unknown group."""


@dataclass(frozen=True)
class _ParsedEvent:
    """A stored event and its parsed content."""

    stored: StoredEvent
    event: Event


def process_lane(context: AppContext, lane: Lane, worker: str = "") -> timedelta | None:
    """Process the first events of the lane. Returns the time to wait before the next call; None for an empty lane.

    `worker`: the id of this process, if several work on the same database.
    """
    stored = _lease_waiting(context, lane, worker)
    if not stored:
        return None
    if stored[0].due_at > context.clock():
        return stored[0].due_at - context.clock()
    try:
        run, last_of_lane = _first_run(context, lane, stored)
    except SealError as error:
        _record_failure(context, lane, stored[:1], error)
        return timedelta()
    wait = _wait_for_more(context, lane, run) if last_of_lane else timedelta()
    if wait <= timedelta():
        _handle_safely(context, lane, run)
    return max(wait, timedelta())


def _lease_waiting(context: AppContext, lane: Lane, worker: str) -> list[StoredEvent]:
    """The waiting events of the lane, leased unless this worker is the only one (no name)."""
    if not worker:
        with context.store.reading() as connection:
            return waiting_events(connection, lane)
    now = context.clock()
    return context.store.transaction(partial(lease_lane, lane=lane, lease=Lease(worker, now, now + LEASED_FOR)))


def _first_run(context: AppContext, lane: Lane, waiting: Sequence[StoredEvent]) -> tuple[list[_ParsedEvent], bool]:
    """The events to be answered as one, and whether they are the last. An event that failed before is tried alone."""
    channel, keys = context.channels[lane.channel], context.keys
    run: list[_ParsedEvent] = []
    for stored in waiting:
        if run and stored.attempts:
            return run, False
        event = channel.read(open_raw(keys, stored), stored.received_at)
        event = _with_stray_text(context.content.catalog.triage, event)
        alone = event.kind is not EventKind.TEXT or stored.attempts > 0 or is_for_staff(event)
        if run and (alone or event.silent != run[0].event.silent or len(run) == _MOST_PER_RUN):
            return run, False
        run.append(_ParsedEvent(stored, event))
        if alone:
            break
    return run, len(run) == len(waiting)


def _with_stray_text(triage: Triage, event: Event) -> Event:
    """Add to the text the first unidentified string of the event that triage detects as a call for help."""
    cry = next((stray for stray in event.strays if triage.read(stray)), "")
    return replace(event, kind=EventKind.TEXT, text="\n".join(filter(None, (event.text, cry)))) if cry else event


def _wait_for_more(context: AppContext, lane: Lane, run: Sequence[_ParsedEvent]) -> timedelta:
    """Time to wait for the resident's next message: none if this one is urgent or not text."""
    last = run[-1]
    left = last.stored.received_at + context.reply_pause - context.clock()
    if last.event.kind is not EventKind.TEXT or left <= timedelta() or last.stored.attempts:
        return timedelta()
    joined = replace(_inbound(lane, last), text="\n".join(parsed.event.text for parsed in run))
    return timedelta() if sounds_urgent(context, joined) else left


def _handle_safely(context: AppContext, lane: Lane, run: Sequence[_ParsedEvent]) -> None:
    """Handle the run. A failure is retried, and after several the events are set aside for a person."""
    try:
        _handle(context, lane, run)
    except TakenElsewhereError:
        return
    except Exception as error:  # noqa: BLE001 -- one event must not stop those of everybody else
        _record_failure(context, lane, [parsed.stored for parsed in run], error)


def _record_failure(context: AppContext, lane: Lane, events: Sequence[StoredEvent], error: Exception) -> None:
    fault, later = type(error).__name__, context.clock() + RETRY_DELAY * (events[0].attempts + 1)
    aside = context.store.transaction(partial(fail_events, events=events, fault=fault, due_at=later))
    log.warning("event_failed", channel=lane.channel, error=fault, events=len(events))
    if aside:
        log.error("alarm_event_set_aside", channel=lane.channel, error=fault, see="python -m bot inbox")


def _handle(context: AppContext, lane: Lane, run: Sequence[_ParsedEvent]) -> None:
    ids = [parsed.stored.id for parsed in run]
    last = run[-1]
    if is_for_staff(last.event) and _handle_for_staff(context, lane, last.event, ids):
        return
    if last.event.in_group:
        run = [_ParsedEvent(last.stored, replace(last.event, kind=EventKind.JOIN, text=""))]
    if last.event.kind not in _WITHOUT_REPLY:
        inbounds = [_inbound(lane, parsed) for parsed in run]
        receive(context, inbounds, context.clock(), partial(finish_events, ids=ids))
        return

    def work(connection: Connection) -> None:
        if finish_events(connection, ids):
            _apply_without_reply(connection, context.keys, lane, last.event)

    context.store.transaction(work)


def _handle_for_staff(context: AppContext, lane: Lane, event: Event, ids: Sequence[str]) -> bool:
    """Handle the event if it is for staff; otherwise change nothing and return False."""

    def work(connection: Connection) -> None:
        if finish_events(connection, ids) and not handle_staff_event(connection, context, lane, event):
            raise _NotForStaffError

    try:
        context.store.transaction(work)
    except _NotForStaffError:
        return False
    return True


def _apply_without_reply(connection: Connection, keys: Keyring, lane: Lane, event: Event) -> None:
    """Apply an event without a reply: a message was retracted, or a resident has blocked the bot."""
    if event.kind is EventKind.UNSEND:
        erase_raw(connection, lane.channel, event.message)
        # Locked, so that no proposed check copies the message while it is erased.
        lock_writers(connection, lane.channel, lane.name, event.message)
        erase_words(connection, keys, lane.channel, event.message)
        delete_proposed_with(connection, lane.channel, event.message)
    elif event.kind in {EventKind.UNFOLLOW, EventKind.LEAVE}:
        mark_unreachable(connection, lane.channel, lane.name)


def _inbound(lane: Lane, parsed: _ParsedEvent) -> Inbound:
    event, received_at = parsed.event, parsed.stored.received_at
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
        restored=parsed.stored.is_restored,
    )
