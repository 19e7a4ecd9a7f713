"""How a message goes out over a platform: one table of what follows from each answer of the platform. Pure.

A ticket (LINE's reply token) allows one answer that costs nothing, for a minute. A push costs, and carries a retry key
under which the platform takes it once. An attempt without a certain answer is repeated with the same ticket or the same
key: the platform then says whether the first one was taken. A platform without such keys (`knows_repeats` is False)
would say it twice: there only what is about a case is repeated, and carries its number; the rest ends as unknown.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.messages import Reply

MAIL, CHAT = "mail:", "chat:"
"""Kinds of recipients among the staff: an address, or the row of a chat."""
TICKET_LIVES = timedelta(seconds=50)
"""LINE says a minute and asks not to rely on it."""
RETRY_KEY_LIVES = timedelta(hours=23)
"""LINE knows a retry key for 24 hours; later the same message would be taken as a new one."""
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=5)
_LONGEST_REPLY_WAIT = timedelta(seconds=10)


class OutboundState(StrEnum):
    """Where a message out stands. The page shows what is stored: on the web, committed is accepted."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """Perhaps it was taken, perhaps not, and it is not tried again."""
    DOUBTFUL = "doubtful"
    """Perhaps it was taken, perhaps not; it is being pushed, because said twice is better than never."""


OPEN_STATES = frozenset({OutboundState.QUEUED, OutboundState.DOUBTFUL})


class SendMethod(StrEnum):
    """How the next attempt goes out."""

    REPLY = "reply"
    PUSH = "push"
    LEAVE = "leave"
    """No message: the bot leaves the group."""
    AMEND = "amend"
    """A message that was taken is written anew; only where the platform has told its id."""


class Outcome(StrEnum):
    """What the platform answered to one attempt."""

    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    """No answer, or an answer that does not tell: it may have been taken."""
    DEAD_TICKET = "dead-ticket"
    """The ticket was used or is too old."""
    REFUSED = "refused"
    """The platform does not take this message, or not for this person."""
    LATER = "later"
    """Not taken for certain, and not refused: too many requests, or no connection."""
    QUOTA = "quota"
    """The messages of the month are used up."""
    LOCKED = "locked"
    """The platform does not know us: the access token is wrong."""
    BLOCKED = "blocked"
    """The resident has blocked the bot."""


@dataclass(frozen=True)
class SendResult:
    """What became of one attempt. `wait`: how long the platform asks to wait before the next one to this address.

    `message`: the platform's id of what it took, where it tells. `moved`: the address is now another one.
    """

    outcome: Outcome
    message: str = ""
    wait: timedelta = timedelta()
    moved: str = ""


@dataclass(frozen=True)
class Delivery:
    """One message on its way. `in_doubt`: an attempt has had no certain answer, and the platform will not tell."""

    id: str
    resident: str
    reply: Reply
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
    """Whether the platform takes a push once, however often it comes."""

    @property
    def may_come_twice(self) -> bool:
        """Whether a second copy does no harm: it is known as one, or it is of a case and carries its number."""
        return self.knows_repeats or self.leaves or (self.urgent and not self.reply.by_staff)


def next_way(delivery: Delivery, now: datetime) -> SendMethod | None:
    """How to try next; None when there is no way left (`given_up` says how it ends)."""
    if delivery.leaves:
        return SendMethod.LEAVE if now - delivery.written_at < RETRY_KEY_LIVES else None
    if delivery.ticket and now - delivery.ticket_at < TICKET_LIVES:
        return SendMethod.REPLY
    if not delivery.address or not delivery.reachable or (delivery.in_doubt and not delivery.may_come_twice):
        return None
    if now - (delivery.pushed_at or delivery.written_at) >= RETRY_KEY_LIVES:
        return None
    return SendMethod.PUSH


def given_up(delivery: Delivery) -> Delivery:
    """The delivery when there is no way left."""
    if not delivery.reachable:
        return replace(delivery, state=OutboundState.BLOCKED, fault="blocked")
    if delivery.in_doubt and not (delivery.address and delivery.may_come_twice):
        return replace(delivery, state=OutboundState.UNKNOWN, fault="in-doubt")
    return replace(delivery, state=OutboundState.FAILED, fault=delivery.fault or "no-way")


def before_attempt(delivery: Delivery, way: SendMethod, now: datetime) -> Delivery:
    """The delivery as the attempt begins."""
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
    """What is stored before the attempt: should the power go now, the next start must take it for made."""
    return replace(delivery, in_doubt=True) if way is SendMethod.REPLY or not delivery.knows_repeats else delivery


def after_attempt(  # noqa: PLR0911 -- a table: one row for each answer
    delivery: Delivery, way: SendMethod, answered: SendResult, now: datetime, new_key: str
) -> Delivery:
    """Where the message stands after the platform's answer. `new_key` is used where the message itself changes."""
    match outcome := answered.outcome:
        case Outcome.ACCEPTED:
            return replace(delivery, state=OutboundState.ACCEPTED, in_doubt=False, fault="")
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY and delivery.in_doubt:
            # The attempt before had no certain answer; the ticket was good then and is used now: it was taken.
            return replace(delivery, state=OutboundState.ACCEPTED, in_doubt=False, fault="")
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY:
            return replace(delivery, ticket="", due_at=now)
        case Outcome.UNCERTAIN if way is SendMethod.REPLY:
            return _later(replace(delivery, in_doubt=True, fault="no-answer"), now, _LONGEST_REPLY_WAIT)
        case Outcome.UNCERTAIN if not delivery.may_come_twice:
            return replace(delivery, state=OutboundState.UNKNOWN, in_doubt=True, fault="no-answer")
        case Outcome.UNCERTAIN:
            doubtful = delivery.in_doubt or not (delivery.knows_repeats or delivery.leaves)
            return _later(replace(delivery, in_doubt=doubtful, fault="no-answer"), now, _LONGEST_WAIT)
        case Outcome.LATER | Outcome.LOCKED:
            longest = _LONGEST_REPLY_WAIT if way is SendMethod.REPLY else _LONGEST_WAIT
            later = _later(replace(delivery, fault=str(outcome)), now, longest)
            return replace(later, due_at=now + answered.wait) if answered.wait else later
        case Outcome.BLOCKED:
            return replace(delivery, state=OutboundState.BLOCKED, fault="blocked")
        case Outcome.REFUSED if not delivery.as_text and not delivery.leaves:
            # Perhaps the card was the fault: once more as plain text, which is another message and needs another key.
            return replace(delivery, as_text=True, retry_key=new_key, due_at=now, fault="card-refused")
        case _:
            return replace(delivery, state=OutboundState.FAILED, fault=str(outcome))


def _later(delivery: Delivery, now: datetime, longest: timedelta) -> Delivery:
    wait = min(_FIRST_WAIT * 2 ** min(delivery.attempts - 1, 10), longest)
    return replace(delivery, due_at=now + wait)
