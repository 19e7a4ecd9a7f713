"""How a message is sent, to a resident or to staff: one table from the platform's answer to the next state. Pure.

A ticket (LINE's reply token) allows one free answer within a minute. A push costs money, and carries a retry key under
which the platform accepts it only once. An attempt without a certain answer is repeated with the same ticket or key:
the platform then says whether it accepted the first one. A platform without such keys (`knows_repeats` is False) would
deliver it twice: there only messages about a case are repeated, and carry its number; the others end as unknown.

A notice to staff is such a message too. Its text is written when it is sent (`says`); it is spared if nobody needs it
any more, is merged with others that wait for its chat (`coalesces`), and once sent is edited when it is out of date: a
message that was accepted and is due again is amended.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.delivery.staff_notice import StaffNotice
from bot.domain.messages import Reply

TICKET_LIFETIME = timedelta(seconds=50)
"""LINE says a minute and asks not to rely on it."""
RETRY_KEY_LIFETIME = timedelta(hours=23)
"""LINE knows a retry key for 24 hours; later it would accept the same message as a new one."""
NOTICE_TRIED_FOR = timedelta(hours=24)
"""An older notice is tried only once more; by then the alarms of its case have notified staff again."""
_FIRST_WAIT = timedelta(seconds=1)
_FIRST_NOTICE_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=5)
_LONGEST_REPLY_WAIT = timedelta(seconds=10)
_LONGEST_AMEND_WAIT = timedelta(seconds=30)


class OutboundState(StrEnum):
    """State of an outgoing message. The web page shows what is stored: there, committed is accepted."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """It may have been accepted; it is not tried again."""
    DOUBTFUL = "doubtful"
    """It may have been accepted; it is pushed anyway, because twice is better than never."""
    SPARED = "spared"
    """No longer needed: the case was claimed or ended before its notice was sent."""


OPEN_STATES = frozenset({OutboundState.QUEUED, OutboundState.DOUBTFUL})


class SendMethod(StrEnum):
    """How the next attempt is sent."""

    REPLY = "reply"
    PUSH = "push"
    LEAVE = "leave"
    """No message: the bot leaves the group."""
    AMEND = "amend"
    """An accepted message is edited; only if the platform has given its id."""


class Outcome(StrEnum):
    """The platform's answer to one attempt."""

    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    """No answer, or an unclear one: it may have been accepted."""
    DEAD_TICKET = "dead-ticket"
    """The ticket was used or is too old."""
    REFUSED = "refused"
    """The platform does not accept this message, or not for this person."""
    LATER = "later"
    """Certainly not accepted, but not refused: too many requests, or no connection."""
    QUOTA = "quota"
    """The month's messages are used up."""
    LOCKED = "locked"
    """The access token is wrong."""
    BLOCKED = "blocked"
    """The resident has blocked the bot."""


@dataclass(frozen=True)
class SendResult:
    """Result of one attempt. `wait`: how long the platform asks to wait before the next one to this address.

    `message`: the platform's id of the accepted message, if given. `moved`: the new address, if it has changed.
    """

    outcome: Outcome
    message: str = ""
    wait: timedelta = timedelta()
    moved: str = ""


@dataclass(frozen=True)
class Delivery:
    """One outgoing message, to the resident (a row) or, with a `notice`, to staff.

    `in_doubt`: an attempt has had no certain answer, and the platform will not clarify it. `message`: the platform's
    id of an accepted notice; `shown`: the state of its case that it shows (`notices.shown_state`), empty if it cannot
    be edited; `says`: the state of its case in the attempt that is made now.
    """

    id: str
    resident: str
    reply: Reply | None
    address: str
    ticket: str
    ticket_at: datetime
    retry_key: str
    written_at: datetime
    due_at: datetime
    state: OutboundState = OutboundState.QUEUED
    attempts: int = 0
    in_doubt: bool = False
    pushed_at: datetime | None = None
    pushed_in_doubt: bool = False
    as_text: bool = False
    urgent: bool = False
    reachable: bool = True
    leaves: bool = False
    fault: str = ""
    knows_repeats: bool = True
    """Whether the platform accepts a push only once, however often it is sent."""
    notice: StaffNotice | None = None
    message: str = ""
    shown: str = ""
    says: str = ""

    @property
    def may_come_twice(self) -> bool:
        """Whether a second copy is harmless: the platform drops it, or it is about a case and carries its number."""
        by_staff = self.reply is not None and self.reply.by_staff
        return self.knows_repeats or self.leaves or (self.urgent and not by_staff)

    @property
    def has_plain_form(self) -> bool:
        """Whether it can be tried again as plain text; a mail has no other form."""
        return not (self.as_text or self.leaves or (self.notice and self.notice.is_mail))

    @property
    def coalesces(self) -> bool:
        """Whether it is merged with other notices to its chat. A ticket pays for the answer to one press."""
        return self.notice is not None and self.notice.is_news and not self.notice.is_mail and not self.ticket


def next_way(delivery: Delivery, now: datetime) -> SendMethod | None:
    """How to try next; None if no method is left (`given_up` says how it ends)."""
    if delivery.state is OutboundState.ACCEPTED:
        return SendMethod.AMEND if delivery.address else None
    if delivery.leaves:
        return SendMethod.LEAVE if now - delivery.written_at < RETRY_KEY_LIFETIME else None
    if delivery.ticket and now - delivery.ticket_at < TICKET_LIFETIME:
        return SendMethod.REPLY
    if not delivery.address or not delivery.reachable or (delivery.in_doubt and not delivery.may_come_twice):
        return None
    if not delivery.notice and now - (delivery.pushed_at or delivery.written_at) >= RETRY_KEY_LIFETIME:
        return None
    return SendMethod.PUSH


def given_up(delivery: Delivery) -> Delivery:
    """The final state of a delivery for which no method is left."""
    if delivery.state is OutboundState.ACCEPTED:
        return replace(delivery, shown="")  # its chat was deleted: it is no longer kept up to date
    if not delivery.reachable:
        return replace(delivery, state=OutboundState.BLOCKED, fault="blocked")
    if delivery.in_doubt and not (delivery.address and delivery.may_come_twice):
        return replace(delivery, state=OutboundState.UNKNOWN, fault="in-doubt")
    return replace(delivery, state=OutboundState.FAILED, fault=delivery.fault or "no-way")


def before_attempt(delivery: Delivery, way: SendMethod, now: datetime) -> Delivery:
    if way is not SendMethod.PUSH:
        return replace(delivery, attempts=delivery.attempts + 1)
    doubtful = delivery.in_doubt or delivery.pushed_in_doubt
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        pushed_at=delivery.pushed_at or now,
        state=OutboundState.DOUBTFUL if doubtful else delivery.state,
        pushed_in_doubt=doubtful,
        in_doubt=False,
    )


def as_written(delivery: Delivery, way: SendMethod) -> Delivery:
    """What is stored before the attempt: after a crash, the next start must assume that it was made."""
    if way is SendMethod.AMEND:
        return delivery  # a repeated edit says the same
    return replace(delivery, in_doubt=True) if way is SendMethod.REPLY or not delivery.knows_repeats else delivery


def after_attempt(  # noqa: C901, PLR0911 -- a table: one row for each answer
    delivery: Delivery, way: SendMethod, result: SendResult, now: datetime, new_key: str
) -> Delivery:
    """The delivery after the platform's answer. `new_key`: the retry key if the message itself changes."""
    match outcome := result.outcome:
        case _ if delivery.state is OutboundState.SPARED:
            return delivery
        case _ if way is SendMethod.AMEND:
            return _amended(delivery, result, now)
        case Outcome.ACCEPTED:
            return _accepted(delivery, result, now)
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY and delivery.in_doubt and delivery.knows_repeats:
            # The previous attempt had no certain answer; the ticket was valid then and is used now: it was accepted.
            return _accepted(delivery, result, now)
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY:
            return replace(delivery, ticket="", due_at=now)
        case Outcome.UNCERTAIN if way is SendMethod.REPLY:
            return _retried(replace(delivery, in_doubt=True, fault="no-answer"), result, now, _LONGEST_REPLY_WAIT)
        case Outcome.UNCERTAIN if not delivery.may_come_twice:
            return replace(delivery, state=OutboundState.UNKNOWN, in_doubt=True, fault="no-answer")
        case Outcome.UNCERTAIN:
            doubtful = delivery.in_doubt or not (delivery.knows_repeats or delivery.leaves)
            return _retried(replace(delivery, in_doubt=doubtful, fault="no-answer"), result, now, _LONGEST_WAIT)
        case Outcome.LATER | Outcome.LOCKED | Outcome.QUOTA if outcome is not Outcome.QUOTA or delivery.notice:
            # A notice waits for the quota too: the office may buy more within the day.
            longest = _LONGEST_REPLY_WAIT if way is SendMethod.REPLY else _LONGEST_WAIT
            return _retried(replace(delivery, fault=str(outcome)), result, now, longest)
        case Outcome.BLOCKED if not delivery.notice:  # staff who are not notified are a failure
            return replace(delivery, state=OutboundState.BLOCKED, fault="blocked")
        case Outcome.REFUSED if delivery.has_plain_form:
            # The card may be the cause: try again as plain text, which is another message and needs another key.
            return replace(delivery, as_text=True, retry_key=new_key, due_at=now, fault="card-refused")
        case _:
            return replace(delivery, state=OutboundState.FAILED, fault=str(outcome))


def _amended(delivery: Delivery, result: SendResult, now: datetime) -> Delivery:
    """After a refusal nothing is tried until its case changes again: somebody may have deleted the message."""
    if result.outcome in {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.BLOCKED}:
        return replace(delivery, shown=delivery.says, due_at=now)
    return _retried(delivery, result, now, _LONGEST_AMEND_WAIT)


def _accepted(delivery: Delivery, result: SendResult, now: datetime) -> Delivery:
    accepted = replace(delivery, state=OutboundState.ACCEPTED, in_doubt=False, fault="")
    if not delivery.notice:
        return accepted
    return replace(accepted, message=result.message, shown=delivery.says, due_at=now)


def _retried(delivery: Delivery, result: SendResult, now: datetime, longest: timedelta) -> Delivery:
    """After the wait that the platform asked for, at once if the address has moved; otherwise double the last wait."""
    if delivery.notice and delivery.state in OPEN_STATES and now - delivery.written_at > NOTICE_TRIED_FOR:
        return replace(delivery, state=OutboundState.FAILED, fault=str(result.outcome))
    if result.wait or result.moved:
        return replace(delivery, due_at=now + result.wait)
    first = _FIRST_NOTICE_WAIT if delivery.notice else _FIRST_WAIT
    return replace(delivery, due_at=now + min(first * 2 ** min(delivery.attempts - 1, 10), longest))
