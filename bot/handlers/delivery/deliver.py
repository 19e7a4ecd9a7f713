"""Deliver messages: lease and record the attempt, send without a database connection, record the outcome."""

import asyncio
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.delivery.channel import Outgoing
from bot.domain.delivery.delivery_rules import (
    Delivery,
    OutboundState,
    Outcome,
    SendMethod,
    SendResult,
    after_attempt,
    as_written,
    before_attempt,
    given_up,
    next_way,
)
from bot.domain.delivery.mail_letter import MailLetter
from bot.domain.delivery.staff_notice import BY_MAIL
from bot.domain.messages import Reply
from bot.handlers.app_context import AppContext
from bot.storage.conversation.resident_rows import mark_blocked
from bot.storage.delivery.outbox_rows import SendCapacity, lock_due_deliveries, text_retry_key, write_delivery
from bot.storage.staff.staff_chat_rows import mark_chat_lost, move_lane, read_chat

log = structlog.get_logger()

LEASED_FOR = timedelta(seconds=30)
_LETTER_LEASED_FOR = timedelta(seconds=60)
"""Longer than any attempt takes, so a lease that expires belongs to an interrupted attempt."""
_MOST_PER_MESSAGE = 8
_BUNDLES = uuid.UUID("6f1f0f5e-6f55-4f0e-9a53-0d6b3c1f7a11")
"""UUID namespace for retry keys of several notices sent as one message."""


@dataclass(frozen=True)
class Attempt:
    """One message to be sent: one delivery, or several notices to the same chat as one message.

    Notices are rendered just before sending (`render_notices.render`). Without `reply` or `letter`, nothing is sent.
    """

    deliveries: tuple[Delivery, ...]
    way: SendMethod
    reply: Reply | None = None
    letter: MailLetter | None = None

    @property
    def delivery(self) -> Delivery:
        """The first delivery."""
        return self.deliveries[0]

    @property
    def recipient(self) -> str:
        """The staff recipient; empty for a message to a resident."""
        return self.delivery.notice.recipient if self.delivery.notice else ""

    @property
    def retry_key(self) -> str:
        """The platform's idempotency key. It depends on the notices included, as other notices make another message."""
        keys = [delivery.retry_key for delivery in self.deliveries if delivery.state is not OutboundState.SPARED]
        return keys[0] if len(keys) == 1 else str(uuid.uuid5(_BUNDLES, ",".join(keys)))


def next_attempts(context: AppContext, party: str, most: int, busy: Collection[str] = frozenset()) -> list[Attempt]:
    """Lease the due messages and record the attempts before sending, so that a crash cannot hide them.

    `party`: a platform, or mail; `busy`: staff recipients with a push in progress.
    """
    now, capacity = context.clock(), SendCapacity(party, most, busy)
    until = now + (_LETTER_LEASED_FOR if party == BY_MAIL else LEASED_FOR)
    # Mail programs recognise a repeated letter by its id.
    knows_repeats = party == BY_MAIL or context.channels[party].knows_repeats

    def work(connection: Connection) -> tuple[list[Attempt], list[Delivery]]:
        attempts, ended = [], []
        for due in lock_due_deliveries(connection, context.keys, now, capacity):
            delivery = replace(due, knows_repeats=knows_repeats)
            way = next_way(delivery, now)
            if way is None:
                ended.append(given_up(delivery))
                write_delivery(connection, ended[-1])
                continue
            trying = before_attempt(delivery, way, now)
            write_delivery(connection, as_written(trying, way), until)
            attempts.append(Attempt((trying,), way, trying.reply))
        return _bundle(attempts), ended

    attempts, ended = context.store.transaction(work)
    for delivery in ended:
        _log_failure(party, delivery)
    return attempts


async def send(context: AppContext, party: str, attempt: Attempt) -> SendResult:
    """Send one message over the platform, or by mail."""
    first = attempt.delivery
    try:
        if attempt.letter:
            mail = context.mail
            return SendResult(await asyncio.to_thread(mail.send, attempt.letter) if mail else Outcome.LATER)
        if attempt.reply is None:
            return SendResult(Outcome.ACCEPTED)
        outgoing = Outgoing(
            attempt.way,
            attempt.reply,
            context.content.wording(),
            first.address,
            first.ticket,
            attempt.retry_key,
            as_text=first.as_text,
            message=first.message,
        )
        return await context.channels[party].send(outgoing)
    except Exception as error:  # noqa: BLE001 -- an internal error while sending must not lose the message
        log.error("send_failed", channel=party, error=type(error).__name__)
        return SendResult(Outcome.UNCERTAIN)


def write_outcome(context: AppContext, party: str, attempt: Attempt, result: SendResult) -> Delivery:
    """Store the outcome of an attempt; returns the new state of its (first) delivery."""
    now = context.clock()
    after = [
        after_attempt(delivery, attempt.way, result, now, text_retry_key(delivery.retry_key))
        for delivery in attempt.deliveries
    ]

    def work(connection: Connection) -> None:
        _update_address(connection, context, party, attempt.delivery, result)
        for delivery in after:
            write_delivery(connection, delivery)

    context.store.transaction(work)
    if (outcome := result.outcome) in _MEANING:
        log.error("alarm_platform", channel=party, trouble=str(outcome), meaning=_MEANING[outcome])
    failed = [delivery for delivery in after if delivery.state in {OutboundState.FAILED, OutboundState.UNKNOWN}]
    for delivery in failed[:1]:
        _log_failure(party, delivery)
    return after[0]


_MEANING = {
    Outcome.QUOTA: "the messages of the month are used up: answers go out only in reply to a message",
    Outcome.LOCKED: "our access token or password is not taken: nothing goes out",
}


def _bundle(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Combine case notices for one chat into one message, and updates of notices that share a message."""
    bundles: dict[object, list[Attempt]] = {}
    for attempt in attempts:
        first = attempt.delivery
        joint = (attempt.recipient, attempt.way, first.message, first.as_text)
        bundles.setdefault(joint if first.coalesces else first.id, []).append(attempt)
    return [
        replace(bundle[at], deliveries=tuple(attempt.delivery for attempt in bundle[at : at + _MOST_PER_MESSAGE]))
        for bundle in bundles.values()
        for at in range(0, len(bundle), _MOST_PER_MESSAGE)
    ]


def _update_address(
    connection: Connection, context: AppContext, party: str, delivery: Delivery, result: SendResult
) -> None:
    """Record what an attempt revealed about the address: the chat has moved, or the bot is blocked there."""
    chat = read_chat(connection, delivery.notice.chat) if delivery.notice else None
    if chat and result.moved:
        to = (context.channels[party].lane_of(result.moved), result.moved)
        move_lane(connection, context.keys, party, chat.lane, to)
    elif chat and result.outcome is Outcome.BLOCKED:
        mark_chat_lost(connection, chat.id)
        log.error("alarm_staff_chat_lost", channel=party, see="/desk/chats")
    elif result.outcome is Outcome.BLOCKED:
        mark_blocked(connection, delivery.resident)


def _log_failure(party: str, delivery: Delivery) -> None:
    if delivery.notice and delivery.state is not OutboundState.ACCEPTED:
        way = delivery.notice.recipient.partition(":")[0]
        log.error("alarm_notice_not_delivered", way=way, fault=delivery.fault)
    elif not delivery.notice:
        write = log.info if delivery.state is OutboundState.BLOCKED else log.error
        write("alarm_not_delivered", channel=party, fault=delivery.fault, urgent=delivery.urgent, state=delivery.state)
