"""How a message goes out, to a resident or to staff: one table of what follows from each answer. Pure.

A ticket (LINE's reply token) allows one answer that costs nothing, for a minute. A push costs, and carries a retry key
under which the platform takes it once. An attempt without a certain answer is repeated with the same ticket or the same
key: the platform then says whether the first one was taken. A platform without such keys (`knows_repeats` is False)
would say it twice: there only what is about a case is repeated, and carries its number; the rest ends as unknown.

A notice to staff is such a message too. It is put into words when it is sent (`says`), is spared when nobody needs it
any more, goes out as one with others that wait for its chat (`coalesces`), and once sent is written anew when it does
not hold any more: what was taken and is tried again is amended.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.delivery.staff_notice import StaffNotice
from bot.domain.messages import Reply

TICKET_LIVES = timedelta(seconds=50)
"""LINE says a minute and asks not to rely on it."""
RETRY_KEY_LIVES = timedelta(hours=23)
"""LINE knows a retry key for 24 hours; later the same message would be taken as a new one."""
NOTICE_TRIED_FOR = timedelta(hours=24)
"""A notice that is older is tried once more; then the clocks of its case have long told staff anew."""
_FIRST_WAIT = timedelta(seconds=1)
_FIRST_NOTICE_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=5)
_LONGEST_REPLY_WAIT = timedelta(seconds=10)
_LONGEST_AMEND_WAIT = timedelta(seconds=30)


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
    SPARED = "spared"
    """Nobody needs it any more: the case was taken or ended before the notice of it went out."""


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
    """One message on its way, to the resident (a row) or, with a `notice`, to staff.

    `in_doubt`: an attempt has had no certain answer, and the platform will not tell. `message`: the platform's id of a
    notice that it took; `shown`: what of its case that says (`notices.shown_state`), empty where it cannot be written
    anew; `says`: what the attempt that is made now says of it.
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
    """Whether the platform takes a push once, however often it comes."""
    notice: StaffNotice | None = None
    message: str = ""
    shown: str = ""
    says: str = ""

    @property
    def may_come_twice(self) -> bool:
        """Whether a second copy does no harm: it is known as one, or it is of a case and carries its number."""
        by_staff = self.reply is not None and self.reply.by_staff
        return self.knows_repeats or self.leaves or (self.urgent and not by_staff)

    @property
    def has_plain_form(self) -> bool:
        """Whether it can be tried once more as plain text; a letter has no other form."""
        return not (self.as_text or self.leaves or (self.notice and self.notice.is_mail))

    @property
    def coalesces(self) -> bool:
        """Whether it goes out as one message with others of its chat. A ticket pays for the answer to one press."""
        return self.notice is not None and self.notice.is_news and not self.notice.is_mail and not self.ticket


def next_way(delivery: Delivery, now: datetime) -> SendMethod | None:
    """How to try next; None when there is no way left (`given_up` says how it ends)."""
    if delivery.state is OutboundState.ACCEPTED:
        return SendMethod.AMEND if delivery.address else None
    if delivery.leaves:
        return SendMethod.LEAVE if now - delivery.written_at < RETRY_KEY_LIVES else None
    if delivery.ticket and now - delivery.ticket_at < TICKET_LIVES:
        return SendMethod.REPLY
    if not delivery.address or not delivery.reachable or (delivery.in_doubt and not delivery.may_come_twice):
        return None
    if not delivery.notice and now - (delivery.pushed_at or delivery.written_at) >= RETRY_KEY_LIVES:
        return None
    return SendMethod.PUSH


def given_up(delivery: Delivery) -> Delivery:
    """The delivery when there is no way left."""
    if delivery.state is OutboundState.ACCEPTED:
        return replace(delivery, shown="")  # its chat was forgotten: nobody keeps it true any more
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
    if way is SendMethod.AMEND:
        return delivery  # written anew twice, it says the same
    return replace(delivery, in_doubt=True) if way is SendMethod.REPLY or not delivery.knows_repeats else delivery


def after_attempt(  # noqa: C901, PLR0911 -- a table: one row for each answer
    delivery: Delivery, way: SendMethod, answered: SendResult, now: datetime, new_key: str
) -> Delivery:
    """Where the message stands after the platform's answer. `new_key` is used where the message itself changes."""
    match outcome := answered.outcome:
        case _ if delivery.state is OutboundState.SPARED:
            return delivery
        case _ if way is SendMethod.AMEND:
            return _amended(delivery, answered, now)
        case Outcome.ACCEPTED:
            return _taken(delivery, answered, now)
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY and delivery.in_doubt and delivery.knows_repeats:
            # The attempt before had no certain answer; the ticket was good then and is used now: it was taken.
            return _taken(delivery, answered, now)
        case Outcome.DEAD_TICKET if way is SendMethod.REPLY:
            return replace(delivery, ticket="", due_at=now)
        case Outcome.UNCERTAIN if way is SendMethod.REPLY:
            return _later(replace(delivery, in_doubt=True, fault="no-answer"), answered, now, _LONGEST_REPLY_WAIT)
        case Outcome.UNCERTAIN if not delivery.may_come_twice:
            return replace(delivery, state=OutboundState.UNKNOWN, in_doubt=True, fault="no-answer")
        case Outcome.UNCERTAIN:
            doubtful = delivery.in_doubt or not (delivery.knows_repeats or delivery.leaves)
            return _later(replace(delivery, in_doubt=doubtful, fault="no-answer"), answered, now, _LONGEST_WAIT)
        case Outcome.LATER | Outcome.LOCKED | Outcome.QUOTA if outcome is not Outcome.QUOTA or delivery.notice:
            # A notice waits for the quota too: the office may buy more within the day.
            longest = _LONGEST_REPLY_WAIT if way is SendMethod.REPLY else _LONGEST_WAIT
            return _later(replace(delivery, fault=str(outcome)), answered, now, longest)
        case Outcome.BLOCKED if not delivery.notice:  # staff who are not told are a failure
            return replace(delivery, state=OutboundState.BLOCKED, fault="blocked")
        case Outcome.REFUSED if delivery.has_plain_form:
            # Perhaps the card was the fault: once more as plain text, which is another message and needs another key.
            return replace(delivery, as_text=True, retry_key=new_key, due_at=now, fault="card-refused")
        case _:
            return replace(delivery, state=OutboundState.FAILED, fault=str(outcome))


def _amended(delivery: Delivery, answered: SendResult, now: datetime) -> Delivery:
    """After a refusal nothing is tried until its case changes again: somebody may have deleted the message."""
    if answered.outcome in {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.BLOCKED}:
        return replace(delivery, shown=delivery.says, due_at=now)
    return _later(delivery, answered, now, _LONGEST_AMEND_WAIT)


def _taken(delivery: Delivery, answered: SendResult, now: datetime) -> Delivery:
    taken = replace(delivery, state=OutboundState.ACCEPTED, in_doubt=False, fault="")
    return replace(taken, message=answered.message, shown=delivery.says, due_at=now) if delivery.notice else taken


def _later(delivery: Delivery, answered: SendResult, now: datetime, longest: timedelta) -> Delivery:
    """After the wait that was asked for, at once where the address has moved; else twice as long as the last time."""
    if delivery.notice and delivery.state in OPEN_STATES and now - delivery.written_at > NOTICE_TRIED_FOR:
        return replace(delivery, state=OutboundState.FAILED, fault=str(answered.outcome))
    if answered.wait or answered.moved:
        return replace(delivery, due_at=now + answered.wait)
    first = _FIRST_NOTICE_WAIT if delivery.notice else _FIRST_WAIT
    return replace(delivery, due_at=now + min(first * 2 ** min(delivery.attempts - 1, 10), longest))
