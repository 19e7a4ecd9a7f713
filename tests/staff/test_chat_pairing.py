"""Whose chat it is: a code pairs only the kind of chat it is for, and everybody keeps their own chats alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count

import pytest

from bot.domain.messages import Event, EventKind
from bot.domain.staff.permissions import NotAllowedError, Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.chat_pairing import confirm, drop, offer, read_chats
from bot.handlers.staff.staff_chat_events import handle_staff_event
from bot.storage.inbox.inbox_rows import Lane
from bot.storage.staff.staff_chat_rows import ChatState, StaffChat
from tests.support.line.line_bot import unreachable_line
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import make_staff


@dataclass
class Office:
    """The admin 管理, and the counsellors 伊藤 and 佐々木."""

    context: AppContext
    chief: Staff
    ito: Staff
    sasaki: Staff
    keys: Iterator[int]

    def offers(self, who: Staff, *, for_group: bool = False) -> str:
        return offer(self.context, who, "line", for_group=for_group)

    def writes(self, code: str, lane: str, *, in_group: bool = False) -> bool:
        """Somebody writes the code in a chat; whether it was for staff."""
        words, context = f"職員 {code}", self.context
        event = Event(
            EventKind.TEXT, str(next(self.keys)), lane, TUESDAY_NOON, person=lane, text=words, in_group=in_group
        )
        return context.store.transaction(
            lambda connection: handle_staff_event(connection, context, Lane("line", lane), event)
        )

    def chats(self, who: Staff | None = None) -> list[StaffChat]:
        """The chats that a member of staff is shown; all without one."""
        return list(read_chats(self.context, who or self.chief).chats)

    def states(self) -> list[ChatState]:
        return [chat.state for chat in self.chats()]

    def chat_of(self, owner: Staff | None, state: ChatState) -> StaffChat:
        """A new chat of that person, or of the desk without one, in that state."""
        before = {chat.id for chat in self.chats()}
        code = self.offers(owner or self.chief, for_group=owner is None)
        (chat,) = [chat for chat in self.chats() if chat.id not in before]
        if state is not ChatState.OFFERED:
            assert self.writes(code, f"lane-{chat.id}", in_group=owner is None)
        if state is ChatState.BOUND:
            confirm(self.context, owner or self.chief, chat.id)
        return next(each for each in self.chats() if each.id == chat.id)


@pytest.fixture
def office(context_sqlite: AppContext) -> Office:
    context = replace(context_sqlite, clock=ManualClock(TUESDAY_NOON), channels=unreachable_line())
    chief, ito, sasaki = (
        make_staff(context, login, role)[0]
        for login, role in (("chief", Role.ADMIN), ("ito", Role.COUNSELLOR), ("sasaki", Role.COUNSELLOR))
    )
    return Office(context, chief, ito, sasaki, count())


def test_a_code_of_a_person_pairs_no_group_and_a_code_of_the_group_no_person(office: Office) -> None:
    own, shared = office.offers(office.ito), office.offers(office.chief, for_group=True)
    office.writes(own, "group", in_group=True)
    office.writes(shared, "person")
    assert office.states() == [ChatState.OFFERED, ChatState.OFFERED]
    assert office.writes(own, "person")
    assert office.writes(shared, "group", in_group=True)
    assert {(chat.staff, chat.lane, chat.state) for chat in office.chats()} == {
        (office.ito.id, "person", ChatState.WRITTEN),
        ("", "group", ChatState.WRITTEN),
    }


@pytest.mark.parametrize("for_group", [False, True])
def test_a_chat_whose_code_nobody_wrote_is_not_bound(office: Office, *, for_group: bool) -> None:
    chat = office.chat_of(None if for_group else office.ito, ChatState.OFFERED)
    for who in (office.ito, office.chief):
        with pytest.raises(NotAllowedError):
            confirm(office.context, who, chat.id)
    assert office.states() == [ChatState.OFFERED]


def test_a_bound_chat_is_not_bound_again(office: Office) -> None:
    chat = office.chat_of(office.ito, ChatState.BOUND)
    with pytest.raises(NotAllowedError):
        confirm(office.context, office.ito, chat.id)


@pytest.mark.parametrize("act", [confirm, drop])
@pytest.mark.parametrize("whose", ["group", "sasaki", "chief"])
def test_a_counsellor_keeps_no_chat_but_their_own(
    office: Office, act: Callable[[AppContext, Staff, str], None], whose: str
) -> None:
    owner = {"group": None, "sasaki": office.sasaki, "chief": office.chief}[whose]
    chat = office.chat_of(owner, ChatState.WRITTEN)
    with pytest.raises(NotAllowedError):
        act(office.context, office.ito, chat.id)
    assert office.states() == [ChatState.WRITTEN]
    act(office.context, office.chief, chat.id)
    assert office.states() == ([ChatState.BOUND] if act is confirm else []), "an admin keeps every chat"


def test_a_counsellor_offers_no_group(office: Office) -> None:
    with pytest.raises(NotAllowedError):
        office.offers(office.ito, for_group=True)
    assert office.chats() == []
    viewer, _ = make_staff(office.context, "viewer", Role.VIEWER)
    with pytest.raises(NotAllowedError):
        office.offers(viewer)
    assert office.chats() == []


def test_a_counsellor_sees_their_own_chats_alone(office: Office) -> None:
    own, other, chiefs, group = (
        office.chat_of(owner, ChatState.BOUND) for owner in (office.ito, office.sasaki, office.chief, None)
    )
    assert office.chats(office.ito) == [own]
    assert office.chats(office.sasaki) == [other]
    assert {chat.id for chat in office.chats(office.chief)} == {own.id, other.id, chiefs.id, group.id}
