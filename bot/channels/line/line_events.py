"""Tolerant reader of one LINE event: text, person and reply token are found even if parts are new or broken."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bot.channels.loose_json import MOST_STRINGS, Json, decode, digest, inner, only, quoted, strings, walk
from bot.domain.delivery.notices import CLAIM
from bot.domain.messages import Event, EventKind
from bot.domain.staff.chat_commands import pairing_code

_PERSON = re.compile(r"U[0-9a-f]{32}")
_PERSON_NAMED = re.compile(r'"userId"\s*:\s*"(U[0-9a-f]{32})"')
_TOKEN = re.compile(r'"replyToken"\s*:\s*"([0-9A-Za-z_-]{8,256})"')
_ID = re.compile(r'"webhookEventId"\s*:\s*"([\x21\x23-\x5b\x5d-\x7e]{1,64})"')
_SAFE = re.compile(r"[\x21-\x7e]{1,256}")
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_DUMMY = re.compile(r"0{32}|f{32}")
"""Reply tokens of the console's old webhook check, which no resident sends."""
_CLOCK_SKEW = timedelta(days=1)
_MENTIONED = "mention"
"""Its content names other people."""

_SHAPES = {
    "sticker": EventKind.STICKER,
    "image": EventKind.IMAGE,
    "video": EventKind.VIDEO,
    "audio": EventKind.VOICE,
    "file": EventKind.FILE,
    "location": EventKind.LOCATION,
}
_PLAIN = {"follow": EventKind.FOLLOW, "unfollow": EventKind.UNFOLLOW, "unsend": EventKind.UNSEND}


def read_event(raw: str, received_at: datetime) -> Event:
    """Read a raw event. Never raises: what cannot be understood becomes `OTHER`, with its strings."""
    try:
        value = decode(raw)
    except (ValueError, RecursionError):
        return _from_fragment(raw, received_at)
    return _from_object(value if isinstance(value, dict) else {"": value}, raw, received_at)


def _from_object(event: Json, raw: str, received_at: datetime) -> Event:
    source, message = inner(event, "source"), inner(event, "message")
    place = _safe(source.get("groupId")) or _safe(source.get("roomId"))
    author = _safe(source.get("userId"))
    person = author or only(_people(event))
    key = _key(event.get("webhookEventId")) or digest(_without_delivery(event))
    kind, text, strays = _content(event, message, in_group=bool(place))
    return Event(
        kind=kind,
        key=key,
        lane=lane_of(place or person) if place or person else key[:32],
        happened_at=_time(event.get("timestamp"), received_at),
        person=place or person,
        text=text,
        strays=strays,
        message=_message_id(event, message),
        ticket=_ticket(event.get("replyToken")),
        silent=event.get("mode") == "standby",
        again=inner(event, "follow").get("isUnblocked") is True,
        in_group=bool(place),
        author=lane_of(author) if place and author else "",
        raw=raw,
    )


def lane_of(address: str) -> str:
    """The database's key for a person or a group: a hash, so that the platform's id cannot be recovered from it."""
    return hashlib.sha256(b"line\0" + address.encode()).hexdigest()[:32]


def _content(event: Json, message: Json, *, in_group: bool) -> tuple[EventKind, str, tuple[str, ...]]:
    """(kind, text, strings of an unknown event)."""
    name = str(event.get("type"))
    if in_group:
        return _in_group(name, event, message)
    if name in _PLAIN or _DUMMY.fullmatch(str(event.get("replyToken"))):
        return _PLAIN.get(name, EventKind.OTHER), "", tuple(_words(event)) if name in _PLAIN else ()
    if name == "postback" and isinstance(data := inner(event, "postback").get("data"), str):
        return EventKind.PRESS, data, tuple(_words(event))
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        text = next((value for value in _values(event, "text") if value.strip()), "")
    if text:
        # Two events merged into one have two texts: the others are kept as strays.
        return EventKind.TEXT, text, tuple(word for word in _words(event) if word != text)
    shape = _SHAPES.get(str(message.get("type")))
    if shape is None:
        return EventKind.OTHER, "", tuple(strings(event, (_MENTIONED,)))
    return shape, _hint(shape, message), ()


def _in_group(name: str, event: Json, message: Json) -> tuple[EventKind, str, tuple[str, ...]]:
    """In a group only a pairing code and a press of the claim button are read."""
    text, data = message.get("text"), inner(event, "postback").get("data")
    if isinstance(text, str) and pairing_code(text):
        return EventKind.TEXT, text, ()
    if isinstance(data, str) and data.startswith(CLAIM):
        return EventKind.PRESS, data, ()
    return (EventKind.LEAVE if name == "leave" else EventKind.JOIN), "", ()


def _hint(shape: EventKind, message: Json) -> str:
    """Text that comes with a sticker (its keywords) or a location (its name)."""
    if shape is EventKind.STICKER and isinstance(words := message.get("keywords"), list):
        return " ".join(word for word in words if isinstance(word, str))
    if shape is EventKind.LOCATION:
        named = [message.get(name) for name in ("title", "address", "latitude", "longitude")]
        return " ".join(str(value) for value in named if isinstance(value, str | float | int))
    return ""


def _from_fragment(raw: str, received_at: datetime) -> Event:
    """A piece of a body that is not JSON: every string in it, and its author if only one person is named."""
    person = only(_PERSON_NAMED.findall(raw))
    key = only(_ID.findall(raw)) or digest(raw)
    return Event(
        kind=EventKind.OTHER,
        key=key,
        lane=lane_of(person) if person else key[:32],
        happened_at=received_at,
        person=person,
        strays=tuple(islice(quoted(raw), MOST_STRINGS)),
        ticket=_ticket(only(_TOKEN.findall(raw))),
        raw=raw,
    )


def _words(event: Json) -> Iterator[str]:
    """Strings that a person may have written: LINE's own are ASCII."""
    return (text for text in strings(event, (_MENTIONED,)) if not text.isascii())


def _values(event: Json, name: str) -> Iterator[str]:
    return (value for key, value in walk(event, (_MENTIONED,)) if key.rstrip("#") == name and isinstance(value, str))


def _people(event: Json) -> list[str]:
    """Ids of people under any name except `destination`, which is the bot itself."""
    texts = ((name, value) for name, value in walk(event, (_MENTIONED,)) if isinstance(value, str))
    return [value for name, value in texts if name != "destination" and _PERSON.fullmatch(value)]


def _safe(value: Any) -> str:  # noqa: ANN401 -- whatever JSON holds
    return value if isinstance(value, str) and _SAFE.fullmatch(value) else ""


def _key(value: Any) -> str:  # noqa: ANN401 -- whatever JSON holds
    return value if isinstance(value, str) and _KEY.fullmatch(value) else ""


def _ticket(value: Any) -> str:  # noqa: ANN401 -- whatever JSON holds
    return "" if _DUMMY.fullmatch(str(value)) else _safe(value)


def _message_id(event: Json, message: Json) -> str:
    value = inner(event, "unsend").get("messageId") if event.get("type") == "unsend" else message.get("id")
    return _key(str(value) if isinstance(value, int) else value)


def _time(stamp: Any, received_at: datetime) -> datetime:  # noqa: ANN401 -- whatever JSON holds
    """LINE's milliseconds; the time of arrival if they are missing or more than a day off."""
    try:
        moment = datetime.fromtimestamp(stamp / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return moment if abs(moment - received_at) <= _CLOCK_SKEW else received_at


def _without_delivery(event: Json) -> str:
    """The event as text, identical for its redelivery."""
    return json.dumps({name: value for name, value in event.items() if name != "deliveryContext"}, sort_keys=True)
