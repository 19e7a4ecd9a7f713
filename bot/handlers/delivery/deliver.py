"""Messages go out: lease, write down that it is tried, send with no connection held, write down what came of it."""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.domain.delivery.channel import Channel, Outgoing
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
from bot.handlers.app_context import AppContext
from bot.storage.conversation.resident_rows import mark_blocked
from bot.storage.delivery.outbox_rows import lock_due_deliveries, text_retry_key, write_delivery

log = structlog.get_logger()

LEASED_FOR = timedelta(seconds=30)
"""Longer than any attempt takes: a lease that ends without an outcome was cut off."""


@dataclass(frozen=True)
class Attempt:
    """One message that is about to be sent, and how."""

    delivery: Delivery
    way: SendMethod


def next_attempts(context: AppContext, channel: str, most: int) -> list[Attempt]:
    """What is to be tried now, written down as tried: should the power go, the next start knows it."""
    now, knows_repeats = context.clock(), context.channels[channel].knows_repeats

    def work(connection: Connection) -> tuple[list[Attempt], list[Delivery]]:
        attempts, ended = [], []
        for leased in lock_due_deliveries(connection, context.keys, channel, now, most):
            each = replace(leased, knows_repeats=knows_repeats)
            way = next_way(each, now)
            if way is None:
                ended.append(given_up(each))
                write_delivery(connection, ended[-1])
                continue
            trying = before_attempt(each, way, now)
            write_delivery(connection, as_written(trying, way), now + LEASED_FOR)
            attempts.append(Attempt(trying, way))
        return attempts, ended

    attempts, ended = context.store.transaction(work)
    for each in ended:
        _alarm(channel, each)
    return attempts


async def send(context: AppContext, channel: Channel, attempt: Attempt) -> SendResult:
    """One attempt over the platform."""
    each = attempt.delivery
    outgoing = Outgoing(
        attempt.way,
        each.reply,
        context.content.wording(),
        each.address,
        each.ticket,
        each.retry_key,
        as_text=each.as_text,
    )
    try:
        return await channel.send(outgoing)
    except Exception as error:  # noqa: BLE001 -- a fault of ours on the way out must not lose the message
        log.error("send_failed", channel=channel.name, error=type(error).__name__)
        return SendResult(Outcome.UNCERTAIN)


def write_outcome(context: AppContext, channel: str, attempt: Attempt, answered: SendResult) -> Delivery:
    """Keep what came of an attempt; where the message stands now."""
    as_text = text_retry_key(attempt.delivery.retry_key)
    after = after_attempt(attempt.delivery, attempt.way, answered, context.clock(), as_text)

    def work(connection: Connection) -> None:
        if answered.outcome is Outcome.BLOCKED:
            mark_blocked(connection, after.resident)
        write_delivery(connection, after)

    context.store.transaction(work)
    if (outcome := answered.outcome) in _MEANING:
        log.error("alarm_platform", channel=channel, trouble=str(outcome), meaning=_MEANING[outcome])
    if after.state in {OutboundState.FAILED, OutboundState.UNKNOWN}:
        _alarm(channel, after)
    return after


_MEANING = {
    Outcome.QUOTA: "the messages of the month are used up: answers go out only in reply to a message",
    Outcome.LOCKED: "the platform does not take our access token: nothing goes out",
}


def _alarm(channel: str, delivery: Delivery) -> None:
    say = log.info if delivery.state is OutboundState.BLOCKED else log.error
    say("alarm_not_delivered", channel=channel, fault=delivery.fault, urgent=delivery.urgent, state=delivery.state)
