"""Messages go out: lease, write down that it is tried, send with no connection held, write down what came of it."""

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
from bot.storage.delivery.outbox_rows import Room, lock_due_deliveries, text_retry_key, write_delivery
from bot.storage.staff.staff_chat_rows import mark_chat_lost, move_lane, read_chat

log = structlog.get_logger()

LEASED_FOR = timedelta(seconds=30)
_LETTER_LEASED_FOR = timedelta(seconds=60)
"""Longer than any attempt takes: a lease that ends without an outcome was cut off."""
_MOST_AS_ONE = 8
_BUNDLES = uuid.UUID("6f1f0f5e-6f55-4f0e-9a53-0d6b3c1f7a11")
"""The name space of retry keys of several notices that go out as one message."""


@dataclass(frozen=True)
class Attempt:
    """One message that is about to be sent, and how: one delivery, or notices that go to a chat as one.

    Notices get their words late (`render_notices.render`); without a `reply` or a `letter` nothing is sent.
    """

    deliveries: tuple[Delivery, ...]
    way: SendMethod
    reply: Reply | None = None
    letter: MailLetter | None = None

    @property
    def delivery(self) -> Delivery:
        """The first."""
        return self.deliveries[0]

    @property
    def recipient(self) -> str:
        """Who of staff is told; empty for a resident."""
        return self.delivery.notice.recipient if self.delivery.notice else ""

    @property
    def retry_key(self) -> str:
        """The key under which a platform takes this message once: other notices in it make it another message."""
        keys = [each.retry_key for each in self.deliveries if each.state is not OutboundState.SPARED]
        return keys[0] if len(keys) == 1 else str(uuid.uuid5(_BUNDLES, ",".join(keys)))


def next_attempts(context: AppContext, party: str, most: int, busy: Collection[str] = frozenset()) -> list[Attempt]:
    """What is to be tried now, written down as tried: should the power go, the next start knows it.

    `party`: a platform, or the mail; `busy`: recipients of staff to whom something is being pushed.
    """
    now, room = context.clock(), Room(party, most, busy)
    until = now + (_LETTER_LEASED_FOR if party == BY_MAIL else LEASED_FOR)
    # A letter has its id, by which a mail program shows it once.
    knows_repeats = party == BY_MAIL or context.channels[party].knows_repeats

    def work(connection: Connection) -> tuple[list[Attempt], list[Delivery]]:
        attempts, ended = [], []
        for due in lock_due_deliveries(connection, context.keys, now, room):
            each = replace(due, knows_repeats=knows_repeats)
            way = next_way(each, now)
            if way is None:
                ended.append(given_up(each))
                write_delivery(connection, ended[-1])
                continue
            trying = before_attempt(each, way, now)
            write_delivery(connection, as_written(trying, way), until)
            attempts.append(Attempt((trying,), way, trying.reply))
        return _together(attempts), ended

    attempts, ended = context.store.transaction(work)
    for each in ended:
        _alarm(party, each)
    return attempts


async def send(context: AppContext, party: str, attempt: Attempt) -> SendResult:
    """One attempt over the platform, or by mail."""
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
    except Exception as error:  # noqa: BLE001 -- a fault of ours on the way out must not lose the message
        log.error("send_failed", channel=party, error=type(error).__name__)
        return SendResult(Outcome.UNCERTAIN)


def write_outcome(context: AppContext, party: str, attempt: Attempt, answered: SendResult) -> Delivery:
    """Keep what came of an attempt; where the (first) message stands now."""
    now = context.clock()
    after = [
        after_attempt(each, attempt.way, answered, now, text_retry_key(each.retry_key)) for each in attempt.deliveries
    ]

    def work(connection: Connection) -> None:
        _note_address(connection, context, party, attempt.delivery, answered)
        for each in after:
            write_delivery(connection, each)

    context.store.transaction(work)
    if (outcome := answered.outcome) in _MEANING:
        log.error("alarm_platform", channel=party, trouble=str(outcome), meaning=_MEANING[outcome])
    for ended in [each for each in after if each.state in {OutboundState.FAILED, OutboundState.UNKNOWN}][:1]:
        _alarm(party, ended)
    return after[0]


_MEANING = {
    Outcome.QUOTA: "the messages of the month are used up: answers go out only in reply to a message",
    Outcome.LOCKED: "our access token or password is not taken: nothing goes out",
}


def _together(attempts: Iterable[Attempt]) -> list[Attempt]:
    """News of cases for one chat as one message, and so what is written anew in one."""
    bundles: dict[object, list[Attempt]] = {}
    for each in attempts:
        first = each.delivery
        joint = (each.recipient, each.way, first.message, first.as_text)
        bundles.setdefault(joint if first.coalesces else first.id, []).append(each)
    return [
        replace(several[at], deliveries=tuple(each.delivery for each in several[at : at + _MOST_AS_ONE]))
        for several in bundles.values()
        for at in range(0, len(several), _MOST_AS_ONE)
    ]


def _note_address(
    connection: Connection, context: AppContext, party: str, delivery: Delivery, answered: SendResult
) -> None:
    """What an attempt told of the address: that it has moved, or that nobody can be written to there any more."""
    chat = read_chat(connection, delivery.notice.chat) if delivery.notice else None
    if chat and answered.moved:
        to = (context.channels[party].lane_of(answered.moved), answered.moved)
        move_lane(connection, context.keys, party, chat.lane, to)
    elif chat and answered.outcome is Outcome.BLOCKED:
        mark_chat_lost(connection, chat.id)
        log.error("alarm_staff_chat_lost", channel=party, see="/desk/chats")
    elif answered.outcome is Outcome.BLOCKED:
        mark_blocked(connection, delivery.resident)


def _alarm(party: str, delivery: Delivery) -> None:
    if delivery.notice and delivery.state is not OutboundState.ACCEPTED:
        way = delivery.notice.recipient.partition(":")[0]
        log.error("alarm_notice_not_delivered", way=way, fault=delivery.fault)
    elif not delivery.notice:
        say = log.info if delivery.state is OutboundState.BLOCKED else log.error
        say("alarm_not_delivered", channel=party, fault=delivery.fault, urgent=delivery.urgent, state=delivery.state)
