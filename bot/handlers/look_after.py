"""Staff look after a case: claim, answer, note, hand over, release, close, open again. One winner each time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.cases import (
    Action,
    Case,
    NotPossibleError,
    Reason,
    Status,
    answered,
    claimed,
    closed,
    handed_over,
    noted,
    put_back,
    shown_number,
)
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.crisis_replies import CrisisWriter
from bot.domain.duty_roster import DutyRoster
from bot.domain.lines_said import Moment
from bot.domain.messages import Reply
from bot.domain.normalise import at_the_door
from bot.domain.replies import Writer
from bot.domain.staff import Deed, Staff, require
from bot.handlers.house import House
from bot.handlers.tell_staff import News, roster_of, tell_staff
from bot.storage.case_rows import Done, change_case, lock_case
from bot.storage.message_rows import last_message
from bot.storage.outbox_rows import Answer, add_outbound
from bot.storage.purge_rows import is_erased
from bot.storage.resident_rows import channel_of
from bot.storage.staff_rows import find_staff

LONGEST_ANSWER = 2000


class NoSuchCaseError(Exception):
    """There is no case with this id."""


class TakenError(Exception):
    """Somebody else has the case."""

    def __init__(self, owner: str, owner_id: str) -> None:
        super().__init__()
        self.owner = owner
        """The name of who has it."""
        self.owner_id = owner_id


class EmptyError(Exception):
    """Nothing was written, or too much."""


@dataclass(frozen=True)
class Asked:
    """Who wants what with which case."""

    staff: Staff
    case: str
    deed: Deed


@dataclass(frozen=True)
class Work:
    """One case in the hands of one member of staff, inside a transaction."""

    connection: Connection
    house: House
    staff: Staff
    case: Case
    roster: DutyRoster
    now: datetime

    def change(self, after: Case, action: Action, detail: str = "", note: str = "") -> Case:
        """Keep what happened, with its trace."""
        keys = self.house.reception.keys
        change_case(self.connection, keys, self.case, after, Done(action, self.staff.id, detail, note))
        return after

    def say(self, write: Callable[[CrisisWriter], Reply]) -> None:
        """Queue a message to the resident on their own channel; a drill is sent to nobody."""
        channel = channel_of(self.connection, self.case.resident)
        moment = Moment(self.now.astimezone(CITY_ZONE), is_holiday, shown_number(self.case.number), roster=self.roster)
        reply = write(Writer.of(self.house.reception.understander.catalog, moment).crisis)
        to, position = last_message(self.connection, self.case.id)
        sends = channel if channel in self.house.channels and not self.case.is_drill else ""
        author = self.staff.id if reply.by_staff else ""
        answer = Answer(
            self.case.resident, to, reply, self.now, sends, urgent=True, position=position, as_text=True, author=author
        )
        add_outbound(self.connection, self.house.reception.keys, answer)


def claim(house: House, staff: Staff, case_id: str) -> Case:
    """Take the case. Raises TakenError with the winner's name."""
    return house.store.transaction(lambda connection: claim_inside(connection, house, staff, case_id))


def claim_inside(connection: Connection, house: House, staff: Staff, case_id: str) -> Case:
    """Take the case, inside a transaction that does more. Raises TakenError before anything is written."""

    def take(work: Work) -> Case:
        if work.case.status is Status.CLAIMED:
            owner = find_staff(work.connection, staff_id=work.case.owner)
            raise TakenError(owner.name if owner else "", work.case.owner)
        return work.change(claimed(work.case, staff.id, work.now, work.roster), Action.CLAIM)

    return _inside(connection, house, Asked(staff, case_id, Deed.CLAIM), take)


def answer(house: House, staff: Staff, case_id: str, words: str) -> Case:
    """Write to the resident. Raises EmptyError."""
    clean = _words(words)

    def write(work: Work) -> Case:
        after = work.change(answered(work.case, work.now), Action.REPLY)
        work.say(lambda writer: writer.to_resident(clean))
        return after

    return _on_case(house, staff, case_id, Deed.REPLY, write)


def note(house: House, staff: Staff, case_id: str, words: str) -> Case:
    """Write down something that never leaves the desk. Raises EmptyError."""
    clean = _words(words)
    return _on_case(
        house, staff, case_id, Deed.NOTE, lambda work: work.change(noted(work.case, work.now), Action.NOTE, note=clean)
    )


def hand_over(house: House, staff: Staff, case_id: str, to: str, words: str) -> Case:
    """Give the case to somebody else, who is told. Raises NotPossibleError where they may not have it."""

    def give(work: Work) -> Case:
        other = find_staff(work.connection, staff_id=to)
        if other is None:
            raise NotPossibleError
        require(other, Deed.CLAIM)
        after = handed_over(work.case, other.id, work.now, work.roster)
        work.change(after, Action.HAND_OVER, detail=other.id, note=at_the_door(words).strip()[:LONGEST_ANSWER])
        tell_staff(work.connection, house.reception, work.roster, News(after, Action.HAND_OVER, work.now))
        return after

    return _on_case(house, staff, case_id, Deed.HAND_OVER, give)


def release(house: House, staff: Staff, case_id: str) -> Case:
    """Put the case back into the queue, where somebody is told at once."""

    def back(work: Work) -> Case:
        after = work.change(put_back(work.case, Action.RELEASE, work.now, work.roster), Action.RELEASE)
        if work.case.first_answer_at:
            work.say(lambda writer: writer.staff_left("staff-left"))
        tell_staff(work.connection, house.reception, work.roster, News(after, Action.RELEASE, work.now))
        return after

    return _on_case(house, staff, case_id, Deed.RELEASE, back)


def close(house: House, staff: Staff, case_id: str, reason: Reason) -> Case:
    """End the case; a resident to whom staff have written is told that the bot answers again."""

    def end(work: Work) -> Case:
        after = work.change(closed(work.case, reason, work.now), Action.CLOSE, detail=reason)
        if work.case.first_answer_at:
            work.say(lambda writer: writer.staff_left("staff-closed"))
        return after

    return _on_case(house, staff, case_id, Deed.CLOSE, end)


def reopen(house: House, staff: Staff, case_id: str) -> Case:
    """Put an ended case back into the queue. Raises NotPossibleError where its words are erased."""

    def again(work: Work) -> Case:
        if is_erased(work.connection, work.case.id):
            raise NotPossibleError
        return work.change(put_back(work.case, Action.REOPEN, work.now, work.roster), Action.REOPEN)

    return _on_case(house, staff, case_id, Deed.REOPEN, again)


def _on_case(house: House, staff: Staff, case_id: str, deed: Deed, do: Callable[[Work], Case]) -> Case:
    """One deed on one case, in a transaction of its own."""
    return house.store.transaction(lambda connection: _inside(connection, house, Asked(staff, case_id, deed), do))


def _inside(connection: Connection, house: House, asked: Asked, do: Callable[[Work], Case]) -> Case:
    """One deed on one case, locked, by somebody who may."""
    case = lock_case(connection, asked.case)
    if case is None:
        raise NoSuchCaseError
    require(asked.staff, asked.deed, case)
    roster = roster_of(connection, house.reception)
    return do(Work(connection, house, asked.staff, case, roster, house.now()))


def _words(words: str) -> str:
    clean = at_the_door(words).strip()
    if not clean or len(clean) > LONGEST_ANSWER:
        raise EmptyError
    return clean
