"""Updates of Telegram users, posted to the webhook as Telegram does."""

import json
import urllib.error
import urllib.request
import zlib
from itertools import count
from typing import Any

from tests.support.manual_clock import platform_time

SECRET = "a-secret-of-the-webhook-1234567890"  # noqa: S105 -- of a bot that does not exist
_updates, _messages = count(1000), count(1)

Json = dict[str, Any]


def person(name: str) -> int:
    """A user id, always the same for the same name; also the id of their private chat."""
    return zlib.crc32(name.encode()) + 1


def group(name: str) -> int:
    return -(zlib.crc32(name.encode()) + 1)


def supergroup(name: str) -> int:
    return -(10**12) - zlib.crc32(name.encode())


def update(kind: str, **content: Any) -> Json:
    """An update of Telegram's format."""
    return {"update_id": next(_updates), kind: content}


def message(name: str, place: int = 0, kind: str = "message", **content: Any) -> Json:
    """A message in the private chat, or in the group `place`."""
    who = {"id": person(name), "is_bot": False, "first_name": name, "language_code": "ja"}
    chat = _chat(place) if place else {"id": person(name), "type": "private", "first_name": name}
    return update(
        kind,
        **{"message_id": next(_messages), "from": who, "chat": chat, "date": int(platform_time())} | content,
    )


def text(words: str, name: str = "sato", place: int = 0, **more: Any) -> Json:
    return message(name, place, text=words, **more)


def edited(earlier: Json, words: str) -> Json:
    """Edit of an earlier message."""
    return update("edited_message", **earlier["message"] | {"text": words, "edit_date": int(platform_time())})


def press(data: str, name: str = "sato", place: int = 0, message_id: int = 1) -> Json:
    """Press of an inline button."""
    shown = {"message_id": message_id, "date": 0, "chat": _chat(place) if place else _chat(person(name))}
    who = {"id": person(name), "is_bot": False, "first_name": name}
    number = str(next(_updates))
    content = {"id": number, "from": who, "message": shown, "data": data, "chat_instance": "1"}
    return update("callback_query", **content)


def membership(before: str, after: str, place: int = 0, name: str = "sato", **rights: Any) -> Json:
    """Change of the bot's own membership: blocked in a private chat, added to or removed from a group."""
    bot = {"id": 1, "is_bot": True, "first_name": "bot"}
    content = {
        "chat": _chat(place or person(name)),
        "from": {"id": person(name), "is_bot": False, "first_name": name},
        "date": int(platform_time()),
        "old_chat_member": {"user": bot, "status": before},
        "new_chat_member": {"user": bot, "status": after, **rights},
    }
    return update("my_chat_member", **content)


def _chat(place: int) -> Json:
    if place > 0:
        return {"id": place, "type": "private", "first_name": "x"}
    return {"id": place, "type": "supergroup" if place < -(10**12) else "group", "title": "g"}


def post(address: str, body: bytes | Json, secret: str | None = SECRET) -> tuple[int, Json]:
    """Post to the webhook; returns (status, Bot API call in the response)."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["x-telegram-bot-api-secret-token"] = secret
    request = urllib.request.Request(f"{address}/webhooks/telegram", raw, headers)  # noqa: S310 -- loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
            return int(answer.status), json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, {}
