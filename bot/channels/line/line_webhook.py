"""LINE's webhook: verify the signature, and find the events in a body, however broken some of them are.

The SDK's own parser throws a whole batch away for one unknown mode and loses text, person and token of an event with
one new value in it; an SOS must not vanish in a parser. So: signature over the raw bytes, then a tolerant reader.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.channels.line.line_events import read_event
from bot.channels.loose_json import decode
from bot.domain.messages import Event

_MARKS = frozenset({"source", "replyToken", "webhookEventId", "deliveryContext"})
_MOST_STARTS = 2_000
"""Positions of a broken body at which an event is tried; the rest is read as one piece."""


def is_signed(body: bytes, signature: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of the channel's secrets (newest first) signed these bytes. Takes the same time for every answer."""
    if not signature:
        return False
    given = signature.encode("latin-1", errors="replace")
    matches = [hmac.compare_digest(_sign(body, secret), given) for secret in secrets]
    return any(matches)


def _sign(body: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))


def read_body(body: bytes, received_at: datetime) -> list[Event]:
    """Every event of a signed body, in order. Never raises: a piece that is not an event becomes `OTHER`, whole."""
    return [read_event(raw, received_at) for raw in _raw_events(body.decode("utf-8", errors="replace"))]


def _raw_events(text: str) -> list[str]:
    try:
        whole = decode(text)
    except (ValueError, RecursionError):
        return list(_pieces(text))
    events = _event_list(whole)
    if events is None:
        return [text]
    try:
        return [json.dumps(event) for event in events]
    except RecursionError:
        return [text]


def _event_list(whole: Any) -> list[Any] | None:  # noqa: ANN401 -- whatever JSON holds
    """The events of a body; without a list under `events`, the first list under any other name."""
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        return None
    lists = [whole["events"]] if isinstance(whole.get("events"), list) else list(whole.values())
    return next((value for value in lists if isinstance(value, list)), None)


def _pieces(text: str) -> Iterator[str]:
    """Split a body that is not JSON into its intact events and the text between them."""
    decoder = json.JSONDecoder(strict=False)
    done, at = 0, text.find("{", 1 if text.startswith("{") else 0)
    for _ in range(_MOST_STARTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict) and _MARKS & value.keys():
            yield from _fragment(text[done:at])
            yield text[at:end]
            done = end
        at = text.find("{", end)
    yield from _fragment(text[done:])


def _fragment(text: str) -> Iterator[str]:
    """The text between events, unless it is only the frame of the body."""
    rest = _FRAME.sub("", text)
    if '"' in rest or len(rest) > 1:
        yield text


_FRAME = re.compile(r'"(?:destination|events)"\s*:(?:\s*"[^"]*")?|[\s,:{}\[\]]')
