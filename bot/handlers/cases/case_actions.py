"""What staff do with a case: claim, answer, note, hand over, release, close, reopen. Of two at once, one succeeds."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.cases.case import Case, answered, claimed, closed, handed_over, joined, noted, put_back
from bot.domain.cases.case_deadlines import PAGE_OPENS_FOR
from bot.domain.cases.case_transitions import CaseAction, NotPossibleError, Reason, Status, next_status
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.cases.escalation import StaffAlert
from bot.domain.cases.follow_up import may_be_asked
from bot.domain.conversation.crisis_replies import CrisisReplyWriter
from bot.domain.messages import Reply
from bot.domain.staff.permissions import Permission, Staff, require
from bot.domain.understanding.normalise import clean_input
from bot.handlers.app_context import AppContext
from bot.handlers.cases.notify_staff import notify_staff, read_duty_roster
from bot.handlers.delivery.queue_message import MessageContext, queue_for_resident
from bot.handlers.mask_words import masked_whole
from bot.storage.cases.case_rows import CaseChange, change_case, find_open_case, lock_case, lock_cases, read_case
from bot.storage.cases.proposal_rows import delete_proposed_of, propose_checks
from bot.storage.conversation.message_rows import first_message_after, read_answers, read_heard_words
from bot.storage.conversation.private_rows import offer_page
from bot.storage.identifiers import hashed
from bot.storage.operations.purge_rows import is_erased
from bot.storage.staff.staff_rows import find_staff

LONGEST_ANSWER = 2000
REPEAT_PERIOD = timedelta(minutes=1)
"""The same answer to the same resident within this time counts as sent twice by mistake."""
_NO_TROUBLE = frozenset({Reason.FALSE_ALARM, Reason.PRANK})


class NoSuchCaseError(Exception):
    """There is no case with this id."""


class TakenError(Exception):
    """Somebody else has the case."""

    def __init__(self, owner: str, owner_id: str) -> None:
        super().__init__()
        self.owner = owner
        """The owner's name."""
        self.owner_id = owner_id


class EmptyError(Exception):
    """Nothing was written, or too much."""


@dataclass(frozen=True)
class CaseRequest:
    """A member of staff wants to do something with a case, which needs `permission`."""

    staff: Staff
    case: str
    permission: Permission


@dataclass(frozen=True)
class CaseWork:
    """A locked case, and the member of staff who works on it, inside a transaction."""

    connection: Connection
    context: AppContext
    staff: Staff
    case: Case
    roster: DutyRoster
    now: datetime

    def change(self, after: Case, action: CaseAction, detail: str = "", note: str = "") -> Case:
        """Store the case as it is after the action, with history and audit entry."""
        keys = self.context.keys
        change_case(self.connection, keys, self.case, after, CaseChange(action, self.staff.id, detail, note))
        return after

    def say(
        self, write: Callable[[CrisisReplyWriter], Reply], *, by_staff: bool = False, private_link: str = ""
    ) -> None:
        """Queue a message to the resident."""
        about = MessageContext(self.case, self.roster, self.now, self.staff.id if by_staff else "", private_link)
        queue_for_resident(self.connection, self.context.keys, self.context.content.catalog, about, write)

    def say_bot_answers(self, key: str, *, asks_later: bool = False) -> None:
        """If the resident was told that staff read along, tell them that the bot answers again."""
        if self.case.taken_at:
            self.say(lambda writer: writer.staff_left(key, asks_later=asks_later))


def claim(context: AppContext, staff: Staff, case_id: str) -> Case:
    """Raises TakenError with the owner's name."""
    return context.store.transaction(lambda connection: claim_in_transaction(connection, context, staff, case_id))


def claim_in_transaction(connection: Connection, context: AppContext, staff: Staff, case_id: str) -> Case:
    """Claim the case inside the caller's transaction. Raises TakenError before anything is written."""

    def take(work: CaseWork) -> Case:
        if work.case.status is Status.CLAIMED:
            owner = find_staff(work.connection, staff_id=work.case.owner)
            raise TakenError(owner.name if owner else "", work.case.owner)
        after = work.change(claimed(work.case, staff.id, work.now, work.roster), CaseAction.CLAIM)
        work.say(lambda writer: writer.staff_reads())
        return after

    return _in_transaction(connection, context, CaseRequest(staff, case_id, Permission.CLAIM), take)


@dataclass(frozen=True)
class StaffAnswer:
    """An answer by staff. `seen`: time of the last message that was on their page.

    `offers_page`: include a link to the private page, for details that should not be written on a platform.
    """

    words: str
    seen: datetime | None = None
    offers_page: bool = False


def answer(context: AppContext, staff: Staff, case_id: str, written: StaffAnswer) -> Case:
    """Write to the resident; a repetition within `REPEAT_PERIOD` is ignored. Raises EmptyError."""
    clean = _words(written.words)
    token = secrets.token_urlsafe(24) if written.offers_page and context.public_url else ""

    def write(work: CaseWork) -> Case:
        keys, since = context.keys, work.now - REPEAT_PERIOD
        if clean in read_answers(work.connection, keys, work.case.id, staff.id, since):
            return work.case
        unread = first_message_after(work.connection, work.case.id, written.seen) if written.seen else None
        after = work.change(answered(work.case, work.now, unread), CaseAction.REPLY)
        if token:
            offer_page(work.connection, hashed(token), work.case.id, work.now + PAGE_OPENS_FOR)
        link = f"{context.public_url}/private/{token}" if token else ""
        work.say(lambda writer: writer.to_resident(clean), by_staff=True, private_link=link)
        return after

    return _run_on_case(context, staff, case_id, Permission.REPLY, write)


def note(context: AppContext, staff: Staff, case_id: str, words: str) -> Case:
    """Add a note that only staff can see. Raises EmptyError."""
    clean = _words(words)
    return _run_on_case(
        context,
        staff,
        case_id,
        Permission.NOTE,
        lambda work: work.change(noted(work.case, work.now), CaseAction.NOTE, note=clean),
    )


def hand_over(context: AppContext, staff: Staff, case_id: str, to: str, words: str) -> Case:
    """Give the case to somebody else and notify them. Raises NotPossibleError or NotAllowedError if they cannot."""

    def transfer(work: CaseWork) -> Case:
        other = find_staff(work.connection, staff_id=to)
        if other is None:
            raise NotPossibleError
        require(other, Permission.CLAIM)
        after = handed_over(work.case, other.id, work.now, work.roster)
        work.change(after, CaseAction.HAND_OVER, detail=other.id, note=clean_input(words).strip()[:LONGEST_ANSWER])
        notify_staff(
            work.connection,
            context.keys,
            context.staff_channels,
            work.roster,
            StaffAlert(after, CaseAction.HAND_OVER, work.now),
        )
        return after

    return _run_on_case(context, staff, case_id, Permission.HAND_OVER, transfer)


def release(context: AppContext, staff: Staff, case_id: str) -> Case:
    """Put the case back into the queue, and notify staff at once."""

    def requeue(work: CaseWork) -> Case:
        after = work.change(put_back(work.case, CaseAction.RELEASE, work.now, work.roster), CaseAction.RELEASE)
        work.say_bot_answers("staff-left")
        notify_staff(
            work.connection,
            context.keys,
            context.staff_channels,
            work.roster,
            StaffAlert(after, CaseAction.RELEASE, work.now),
        )
        return after

    return _run_on_case(context, staff, case_id, Permission.RELEASE, requeue)


def close(context: AppContext, staff: Staff, case_id: str, reason: Reason) -> Case:
    """Close the case. Messages of false alarms and pranks are proposed to the admin as lessons for the bot."""

    def end(work: CaseWork) -> Case:
        after = work.change(closed(work.case, reason, work.now), CaseAction.CLOSE, detail=reason)
        work.say_bot_answers("staff-closed", asks_later=may_be_asked(after, work.context.content.catalog.kinds))
        if reason in _NO_TROUBLE and not after.is_drill:
            keys, analyzer = context.keys, context.content.understander.analyzer
            heard = read_heard_words(work.connection, keys, after.id)
            masked = [masked_whole(analyzer, words) for words in heard]
            propose_checks(work.connection, keys, after, filter(None, masked), work.now)
        return after

    return _run_on_case(context, staff, case_id, Permission.CLOSE, end)


def join(context: AppContext, staff: Staff, case_id: str, into: str) -> Case:
    """Close the case and continue it in the open case with the number `into`. Raises NotPossibleError."""
    number = "".join(filter(str.isdigit, into))

    def end(work: CaseWork) -> Case:
        other = read_case(work.connection, number)
        if other is None:
            raise NotPossibleError
        after = work.change(joined(work.case, other, work.now), CaseAction.JOIN, detail=other.number)
        work.say_bot_answers("staff-joined")
        return after

    def lock_both(connection: Connection) -> Case:
        other = read_case(connection, number)
        lock_cases(connection, [case_id, other.id] if other else [case_id])
        return _in_transaction(connection, context, CaseRequest(staff, case_id, Permission.CLOSE), end)

    return context.store.transaction(lock_both)


def set_quiet_hours(context: AppContext, staff: Staff, case_id: str, hours: tuple[int, int] | None) -> Case:
    """Set when this resident must not be written to (from, until, in minutes from midnight); None for never."""
    start, end = hours or (None, None)

    def set_hours(work: CaseWork) -> Case:
        status = next_status(work.case.status, CaseAction.QUIET)
        after = replace(work.case, status=status, quiet_from=start, quiet_until=end, changed_at=work.now)
        return work.change(after, CaseAction.QUIET)

    return _run_on_case(context, staff, case_id, Permission.NOTE, set_hours)


def reopen(context: AppContext, staff: Staff, case_id: str) -> Case:
    """Put a closed case back into the queue. Raises NotPossibleError if its messages are erased or another is open."""

    def requeue(work: CaseWork) -> Case:
        if is_erased(work.connection, work.case.id) or find_open_case(work.connection, work.case.resident):
            raise NotPossibleError
        delete_proposed_of(work.connection, work.case.id)
        return work.change(put_back(work.case, CaseAction.REOPEN, work.now, work.roster), CaseAction.REOPEN)

    return _run_on_case(context, staff, case_id, Permission.REOPEN, requeue)


def _run_on_case(
    context: AppContext, staff: Staff, case_id: str, permission: Permission, do: Callable[[CaseWork], Case]
) -> Case:
    return context.store.transaction(
        lambda connection: _in_transaction(connection, context, CaseRequest(staff, case_id, permission), do)
    )


def _in_transaction(
    connection: Connection, context: AppContext, request: CaseRequest, do: Callable[[CaseWork], Case]
) -> Case:
    """Lock the case, check the permission, run the action."""
    case = lock_case(connection, request.case)
    if case is None:
        raise NoSuchCaseError
    require(request.staff, request.permission, case)
    roster = read_duty_roster(connection, context.content.catalog.duty.hours, context.staff_channels)
    return do(CaseWork(connection, context, request.staff, case, roster, context.clock()))


def _words(words: str) -> str:
    clean = clean_input(words).strip()
    if not clean or len(clean) > LONGEST_ANSWER:
        raise EmptyError
    return clean
