"""Telegram's webhook: is it Telegram who speaks, what is in the body, and what is told at once in the answer to it.

A body is not signed: the header is the only proof. Telegram posts the updates of a chat one after the other and does
not go on while one is refused, so whatever comes with the right secret is kept and answered 200.
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
"""What Telegram is asked to tell."""
_SILENT = frozenset({EventKind.OTHER, EventKind.UNFOLLOW, EventKind.LEAVE, EventKind.MOVE})


def is_known(given: str | None, secrets: Sequence[str]) -> bool:
    """Whether this is one of the secrets (newest first). Takes the same time for every answer."""
    if not given:
        return False
    matches = [hmac.compare_digest(given.encode(errors="replace"), secret.encode()) for secret in secrets]
    return any(matches)


def read_body(body: bytes, received_at: datetime) -> list[Event]:
    """What is to be kept of an update: nothing of what groups are told about themselves. Never raises."""
    events = [read_update(raw, received_at) for raw in _parts(body.decode("utf-8", errors="replace"))]
    return [each for each in events if not (each.in_group and each.kind is EventKind.OTHER)]


def courtesy(body: bytes, events: Sequence[Event]) -> Json | None:
    """What Telegram is asked to do at once, in the answer to its post: `typing…`, or the end of a button's waiting.

    A press of the claim button is answered later, with what came of it.
    """
    first = events[0] if events else None
    if first is None or first.in_group or not first.person or first.ticket or first.kind in _SILENT:
        return None
    if first.kind is EventKind.PRESS and (press := _press_id(body)):
        return {"method": "answerCallbackQuery", "callback_query_id": press}
    return {"method": "sendChatAction", "chat_id": int(first.person), "action": "typing"}


def _press_id(body: bytes) -> str:
    found = inner(decode(body.decode("utf-8", errors="replace")), "callback_query").get("id")
    return found if isinstance(found, str) else ""


def _parts(text: str) -> list[str]:
    """An update as one raw event; a picture with words beside it as two, the words first."""
    try:
        update = decode(text)
    except (ValueError, RecursionError):
        return [text]
    name = next((each for each in ("message", "edited_message") if isinstance(update, dict) and each in update), "")
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
