"""Telegram's webhook: check the secret, read the body, and choose the immediate answer.

A body is not signed: the header is the only proof. Telegram posts the updates of a chat one after the other and stops
while one is refused, so everything that comes with the right secret is stored and answered 200.
"""

import hmac
import json
from collections.abc import Sequence
from datetime import datetime

from bot.channels.loose_json import Json, decode, inner
from bot.channels.telegram.telegram_events import CAPTION, SHAPES, read_update
from bot.domain.messages import Event, EventKind

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 -- the name of a header
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that Telegram is asked to send."""
_SILENT = frozenset({EventKind.OTHER, EventKind.UNFOLLOW, EventKind.LEAVE, EventKind.MOVE})


def is_authentic(given: str | None, secrets: Sequence[str]) -> bool:
    """Whether this is one of the secrets (newest first). Takes the same time for every answer."""
    if not given:
        return False
    matches = [hmac.compare_digest(given.encode(errors="replace"), secret.encode()) for secret in secrets]
    return any(matches)


def read_body(body: bytes, received_at: datetime) -> list[Event]:
    """The events of an update, without the service messages of groups. Never raises."""
    events = [read_update(raw, received_at) for raw in _parts(body.decode("utf-8", errors="replace"))]
    return [event for event in events if not (event.in_group and event.kind is EventKind.OTHER)]


def immediate_answer(body: bytes, events: Sequence[Event]) -> Json | None:
    """The API call that answers Telegram's post: `typing…`, or the end of a pressed button's spinner.

    A press of the claim button is answered later, with its result.
    """
    first = events[0] if events else None
    if first is None or first.in_group or not first.person or first.ticket or first.kind in _SILENT:
        return None
    if first.kind is EventKind.PRESS and (press := _press_id(body)):
        return {"method": "answerCallbackQuery", "callback_query_id": press}
    return {"method": "sendChatAction", "chat_id": int(first.person), "action": "typing"}


def _press_id(body: bytes) -> str:
    press = inner(decode(body.decode("utf-8", errors="replace")), "callback_query").get("id")
    return press if isinstance(press, str) else ""


def _parts(text: str) -> list[str]:
    """One raw event for an update; two for a picture with a caption, the caption first."""
    try:
        update = decode(text)
    except (ValueError, RecursionError):
        return [text]
    name = next((key for key in ("message", "edited_message") if isinstance(update, dict) and key in update), "")
    message = inner(update, name) if name else {}
    words = message.get("caption")
    if not isinstance(words, str) or not words.strip():
        return [text]
    rest = {key: value for key, value in message.items() if not key.startswith("caption")}
    bare = {key: value for key, value in rest.items() if key not in SHAPES}
    return [
        json.dumps(update | {"part": CAPTION, name: bare | {"text": words}}),
        json.dumps(update | {name: rest}),
    ]
