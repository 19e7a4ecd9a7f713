"""A chat of staff speaks: a code that pairs it, or a press of the claim button. Who is not known gets the link."""

from sqlalchemy import Connection

from bot.domain.case_table import NotPossibleError
from bot.domain.messages import Event, Happened
from bot.domain.notices import CHAT, Told
from bot.domain.staff import NotAllowedError, Staff
from bot.domain.staff_chats import claimed_case, pairing_code
from bot.handlers.house import House
from bot.handlers.look_after import NoSuchCaseError, TakenError, claim_inside
from bot.storage.hashes import hashed
from bot.storage.inbox_rows import Lane
from bot.storage.notice_rows import NewNotice, add_notices
from bot.storage.staff_chat_rows import StaffChat, drop_lane, find_chat, find_offer, has_offer, write_offer
from bot.storage.staff_rows import find_staff


def hear_staff(connection: Connection, house: House, lane: Lane, event: Event) -> bool:
    """Whether the event belonged to staff; then everything is done with it, inside the transaction."""
    now = house.now()
    if event.kind is Happened.LEAVE:
        drop_lane(connection, lane.channel, lane.name)
        return True
    if _pair(connection, house, lane, event):
        return True
    chat = find_chat(connection, lane.channel, lane.name)
    if chat and (case := claimed_case(event)):
        _claim(connection, house, chat, event, case)
        return True
    if not event.in_group:
        return False
    return chat is not None or has_offer(connection, lane.channel, now)


def _pair(connection: Connection, house: House, lane: Lane, event: Event) -> bool:
    code, keys = pairing_code(event.text), house.reception.keys
    offer = find_offer(connection, lane.channel, hashed(code), house.now()) if code else None
    if offer is None or offer.is_group != event.in_group:
        return False
    write_offer(connection, keys, offer, lane.name, event.person)
    told = NewNotice(CHAT + offer.id, Told.PAIRED, ticket=event.ticket)
    add_notices(connection, keys, [told], house.now())
    return True


def _claim(connection: Connection, house: House, chat: StaffChat, event: Event, case: str) -> None:
    presser = _who(connection, chat, event)
    told, about = Told.BY_LINK, ""
    try:
        if presser:
            claim_inside(connection, house, presser, case)
            told, about = Told.CLAIMED, presser.id
    except TakenError as error:
        told, about = Told.TAKEN, error.owner_id
    except (NotAllowedError, NotPossibleError, NoSuchCaseError):
        told = Told.BY_LINK
    notice = NewNotice(CHAT + chat.id, told, case, about, event.ticket)
    add_notices(connection, house.reception.keys, [notice], house.now())


def _who(connection: Connection, chat: StaffChat, event: Event) -> Staff | None:
    """Who pressed: in a group the platform may not say, and it knows people only by their own paired chat."""
    mine = chat if not chat.is_group else find_chat(connection, chat.channel, event.author)
    return find_staff(connection, staff_id=mine.staff) if mine and mine.staff else None
