"""Webhook events of LINE users, signed and posted as LINE does."""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from itertools import count
from typing import Any

from tests.support.manual_clock import platform_time

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 -- of a channel that does not exist
BOT = "U" + "b" * 32
_numbers = count(1)

Json = dict[str, Any]


def user(name: str) -> str:
    """A user id of LINE's format, always the same for the same name."""
    return "U" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def group(name: str) -> str:
    return "C" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def event(kind: str, who: str, token: str = "", **more: Any) -> Json:
    """An event of LINE's format from a user (`U…`) or a group (`C…`)."""
    source = {"type": "user", "userId": who} if who.startswith("U") else {"type": "group", "groupId": who}
    made: Json = {
        "type": kind,
        "mode": "active",
        "timestamp": int(platform_time() * 1000),
        "source": source,
        "webhookEventId": f"01{next(_numbers):024}",
        "deliveryContext": {"isRedelivery": False},
    }
    if token:
        made["replyToken"] = token
    return made | more


def text_event(text: str, who: str, token: str = "", **more: Any) -> Json:
    message = {"id": str(next(_numbers)), "type": "text", "quoteToken": "q" * 20, "text": text}
    return event("message", who, token, message=message, **more)


def message_event(shape: str, who: str, token: str = "", **content: Any) -> Json:
    """A message other than text: `sticker`, `image`, `audio`, `video`, `file`, `location` or an unknown type."""
    return event("message", who, token, message={"id": str(next(_numbers)), "type": shape, **content})


def body_of(*events: Any) -> bytes:
    """A request body of LINE's format."""
    return json.dumps({"destination": BOT, "events": list(events)}, ensure_ascii=False).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    """Value of the header `x-line-signature`."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def post(address: str, body: bytes, signed: str | None = None) -> int:
    """Post to the webhook; returns the status. `signed`: another signature, or empty for no header."""
    headers = {"content-type": "application/json"}
    if signed != "":
        headers["x-line-signature"] = signature(body) if signed is None else signed
    request = urllib.request.Request(f"{address}/webhooks/line", body, headers)  # noqa: S310 -- loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
