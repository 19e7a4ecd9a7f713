"""Tolerant reader of one Telegram update: text and chat are found even if parts are new or broken."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bot.channels.loose_json import MOST_STRINGS, Json, decode, digest, inner, only, quoted, strings
from bot.domain.delivery.notices import CLAIM
from bot.domain.messages import Event, EventKind
from bot.domain.staff.chat_commands import pairing_code

NAME = "telegram"
SHAPES = {
    "sticker": EventKind.STICKER,
    "photo": EventKind.IMAGE,
    "animation": EventKind.VIDEO,  # has a `document` beside it
    "video": EventKind.VIDEO,
    "video_note": EventKind.VIDEO,
    "voice": EventKind.VOICE,
    "audio": EventKind.VOICE,
    "document": EventKind.FILE,
    "venue": EventKind.LOCATION,  # has a `location` beside it
    "location": EventKind.LOCATION,
}
"""Event kind by the field that a message has; the first match counts."""
CAPTION = "caption"
"""Marks the part of a split update that holds the words beside a picture (`telegram_webhook`)."""
_SERVICE = frozenset(
    {"pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "users_shared", "chat_shared"}
    | {"connected_website", "chat_background_set", "proximity_alert_triggered", "forum_topic_created"}
)
"""Messages that no person wrote."""
_COMMANDS = {
    "start": (EventKind.FOLLOW, ""),
    "help": (EventKind.FOLLOW, ""),
    "menu": (EventKind.PRESS, "menu"),
    "human": (EventKind.PRESS, "person"),
    "stop": (EventKind.PRESS, "stop"),
}
_COMMAND = re.compile(r"\s*/([A-Za-z_]+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_FROM_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MENTION = re.compile(r"^\s*@\w+\s+")
_NOT_THEIR_WORDS = frozenset(
    {"from", "chat", "sender_chat", "forward_origin", "reply_to_message", "external_reply", "quote", "entities"}
    | {"caption_entities", "via_bot", "reply_markup", "chat_instance"}
)
"""Fields that hold names and the words of others."""
_CLAIMS = re.compile(rf"{CLAIM}[0-9a-f]{{32}}")
"""Such a press is answered with its result; every other one immediately, by the webhook."""
_GONE = frozenset({"left", "kicked"})
_CHAT = re.compile(r'"chat"\s*:\s*\{\s*"id"\s*:\s*(-?[0-9]{1,20})')
_UPDATE = re.compile(r'"update_id"\s*:\s*([0-9]{1,20})')
_CLOCK_SKEW = timedelta(days=1)


def lane_of(address: str) -> str:
    """The database's key for a person or a group: a hash, so that the platform's id cannot be recovered from it."""
    return hashlib.sha256(f"{NAME}\0{address}".encode()).hexdigest()[:32]


def read_update(raw: str, received_at: datetime) -> Event:
    """Read a raw update. Never raises: what cannot be understood becomes `OTHER`, with its strings."""
    try:
        value = decode(raw)
    except (ValueError, RecursionError):
        return _from_fragment(raw, received_at)
    return _from_object(value if isinstance(value, dict) else {"": value}, raw, received_at)


def _from_object(update: Json, raw: str, received_at: datetime) -> Event:
    press, member = inner(update, "callback_query"), inner(update, "my_chat_member")
    message = inner(press, "message") or member or _message(update)
    chat, writer = inner(message, "chat"), inner(press or message, "from")
    place, author = _id(chat.get("id")) or _id(writer.get("id")), _id(writer.get("id"))
    in_group = bool(place) and chat.get("type", "private") != "private"
    kind, text = _content(update, message, in_group=in_group)
    known = kind not in {EventKind.OTHER, EventKind.THING}
    event = Event(
        kind=kind,
        key=_key(update) or digest(raw),
        lane=lane_of(place) if place else digest(raw)[:32],
        happened_at=_time(message.get("edit_date", message.get("date")), received_at) if not press else received_at,
        person=place,
        text=text,
        strays=() if known or in_group or _is_service(message) else tuple(strings(update, _NOT_THEIR_WORDS)),
        message="" if press or member else _id(message.get("message_id")),
        ticket=_ticket(press) if _CLAIMS.fullmatch(text) else "",
        again=bool(member),
        edits="edited_message" in update,
        quotes="" if press else _id(inner(message, "reply_to_message").get("message_id")),
        in_group=in_group,
        author=lane_of(author) if in_group and author else "",
        raw=raw,
    )
    return _moved(event, message)


def _message(update: Json) -> Json:
    """The message, under any name."""
    return next((value for value in update.values() if isinstance(value, dict) and "chat" in value), {})


def _content(update: Json, message: Json, *, in_group: bool) -> tuple[EventKind, str]:
    """(kind, text)."""
    if "my_chat_member" in update:
        return _membership(message, in_group=in_group), ""
    data = inner(update, "callback_query").get("data")
    if "callback_query" in update:
        fits = isinstance(data, str) and (not in_group or data.startswith(CLAIM))
        return (EventKind.PRESS, str(data)) if fits else (EventKind.OTHER, "")
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        return (EventKind.OTHER, "") if in_group else _wordless(update, message)
    return _in_group(text) if in_group else _said(text)


def _said(text: str) -> tuple[EventKind, str]:
    """Words or a command. Text after a command counts as words, except the payload of a `/start` link."""
    match = _COMMAND.fullmatch(text)
    name, rest = (match.group(1).lower(), (match.group(2) or "").strip()) if match else ("", "")
    if name in _COMMANDS and (not rest or (name == "start" and _FROM_LINK.fullmatch(rest))):
        return _COMMANDS[name]
    return EventKind.TEXT, rest if name in _COMMANDS else text


def _in_group(text: str) -> tuple[EventKind, str]:
    """In a group only a pairing code is read; anything else shows that the bot is a member."""
    _, words = _said(_MENTION.sub("", text))
    return (EventKind.TEXT, words) if pairing_code(words) else (EventKind.JOIN, "")


def _wordless(update: Json, message: Json) -> tuple[EventKind, str]:
    """A live location comes as an edit every few seconds; no person wrote it."""
    if "edited_message" in update or not message or _is_service(message):
        return EventKind.OTHER, ""
    name = next((shape for shape in SHAPES if shape in message), "")
    if name == "sticker":
        return EventKind.STICKER, str(inner(message, name).get("emoji", ""))
    if name in {"venue", "location"}:
        return EventKind.LOCATION, _place(message)
    return SHAPES.get(name, EventKind.THING), ""


def _place(message: Json) -> str:
    where = inner(message, "location")
    named = inner(message, "venue") | {name: where.get(name) for name in ("latitude", "longitude")}
    values = [named.get(name) for name in ("title", "address", "latitude", "longitude")]
    return " ".join(str(value) for value in values if isinstance(value, str | float | int))


def _membership(change: Json, *, in_group: bool) -> EventKind:
    """A change of the bot's own membership: blocked, removed, added, or silenced."""
    before, after = inner(change, "old_chat_member"), inner(change, "new_chat_member")
    was_there, is_there = before.get("status") not in _GONE, after.get("status") not in _GONE
    if not in_group:
        return EventKind.FOLLOW if is_there else EventKind.UNFOLLOW
    if not is_there or after.get("can_send_messages") is False:
        return EventKind.LEAVE
    return EventKind.OTHER if was_there else EventKind.JOIN


def _moved(event: Event, message: Json) -> Event:
    """A group's change into a supergroup, which is announced in both the old and the new one."""
    new, old = _id(message.get("migrate_to_chat_id")), _id(message.get("migrate_from_chat_id"))
    if not event.in_group or not (new or old):
        return event
    return replace(event, kind=EventKind.MOVE, person=new or event.person, lane=lane_of(old) if old else event.lane)


def _is_service(message: Json) -> bool:
    return not _SERVICE.isdisjoint(message)


def _from_fragment(raw: str, received_at: datetime) -> Event:
    """A body that is not JSON: every string in it, and the chat if only one is named."""
    person, update = only(_CHAT.findall(raw)), only(_UPDATE.findall(raw))
    return Event(
        kind=EventKind.OTHER,
        key=update or digest(raw),
        lane=lane_of(person) if person else digest(raw)[:32],
        happened_at=received_at,
        person=person,
        strays=tuple(islice(quoted(raw), MOST_STRINGS)),
        in_group=person.startswith("-"),
        raw=raw,
    )


def _key(update: Json) -> str:
    key = _id(update.get("update_id"))
    return f"{key}-{CAPTION}" if key and update.get("part") == CAPTION else key


def _id(value: Any) -> str:  # noqa: ANN401 -- whatever JSON holds
    """A Telegram number as text; empty if it is not one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and abs(value) < 10**19 else ""


def _ticket(press: Json) -> str:
    value = press.get("id")
    return value if isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]{1,64}", value) else ""


def _time(stamp: Any, received_at: datetime) -> datetime:  # noqa: ANN401 -- whatever JSON holds
    """Telegram's seconds; the time of arrival if they are missing or more than a day off."""
    try:
        moment = datetime.fromtimestamp(stamp, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return moment if abs(moment - received_at) <= _CLOCK_SKEW else received_at
