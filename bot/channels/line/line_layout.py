"""Layout of a reply on LINE: one card, the action first, with large buttons to call; or the same as plain text.

A locked screen shows a card's `altText`, which says nothing about the subject.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from bot.channels.text_limits import cut_graphemes, split_utf16
from bot.domain.delivery.notices import CLAIM
from bot.domain.messages import Call, Choice, Reply, Route
from bot.domain.wording import Wording

Json = dict[str, Any]

TEXT_UNITS = 5000
MESSAGES = 5
CARD_BYTES = 30_000
QUICK_REPLIES = 13
_QUICK_LABEL = 20
_BUTTON_LABEL = 40
_TEXT_LIMIT = 300
_ADDRESS = re.compile(r"https://[!-~]+")
_ON_CARD = "menu:", "entry:", "actor:", CLAIM
"""Choices shown as buttons on the card; the others become quick replies below the chat."""
_ON_ANSWERS = frozenset({"side", "more"})

_INK, _SOFT_INK = "#1A1A1A", "#4A4A4A"
_CALL, _DANGER, _CHOICE = "#0B5D2E", "#B00020", "#E3E8EE"


def messages_of(reply: Reply, wording: Wording, *, as_text: bool = False) -> list[Json]:
    """The message objects of a reply, in LINE's JSON: one to five, quick replies on the last."""
    bubble = _bubble(reply, wording)
    if as_text or len(json.dumps(bubble)) > CARD_BYTES:
        messages: list[Json] = [{"type": "text", "text": part} for part in _parts(reply)]
    else:
        messages = [{"type": "flex", "altText": reply.glance or wording.say("line-notice"), "contents": bubble}]
    quick = _quick_replies(reply, wording)
    if quick:
        messages[-1]["quickReply"] = {"items": quick}
    sender = {"name": cut_graphemes(wording.say("line-sender"), _QUICK_LABEL)}
    return [message | {"sender": sender} for message in messages]


def _parts(reply: Reply) -> list[str]:
    return split_utf16(reply.text, TEXT_UNITS, MESSAGES)


def _bubble(reply: Reply, wording: Wording) -> Json:
    contents = [
        *(_text(line, size="xl", weight="bold", color=_INK) for line in reply.lead if line.strip()),
        *(part for call in reply.calls for part in _call(call, wording, in_danger=reply.route is Route.EMERGENCY)),
        *(part for line in reply.body if line.strip() for part in _sentence(line, wording)),
        *_buttons(reply, wording),
        *_small(reply),
    ]
    body = {"type": "box", "layout": "vertical", "spacing": "lg", "paddingAll": "18px", "contents": contents}
    return {"type": "bubble", "size": "giga", "body": body}


def _text(text: str, **look: str) -> Json:
    return {"type": "text", "text": text, "wrap": True, "scaling": True, **look}


def _sentence(line: str, wording: Wording) -> Iterator[Json]:
    """A line of text. An address on a card cannot be pressed, so it becomes a button."""
    if words := _ADDRESS.sub("", line).strip():
        yield _text(words, size="lg", color=_INK)
    for address in _ADDRESS.findall(line):
        yield _uri(wording.say("line-open"), address, in_danger=False)


def _call(call: Call, wording: Wording, *, in_danger: bool) -> Iterator[Json]:
    """The name, whether somebody answers now, and the button."""
    lines = [_text(call.name, size="lg", weight="bold", color=_INK)]
    if call.state:
        lines.append(_text(wording.say("line-now", state=call.state), size="md", color=_SOFT_INK))
    if call.dial:
        lines.append(_uri(wording.say("line-call-number", phone=call.phone), f"tel:{call.dial}", in_danger=in_danger))
    if call.link:
        lines.append(_uri(wording.say("line-chat"), call.link, in_danger=False))
    yield {"type": "box", "layout": "vertical", "spacing": "sm", "margin": "xl", "contents": lines}


def _uri(label: str, uri: str, *, in_danger: bool) -> Json:
    action = {"type": "uri", "label": cut_graphemes(label, _BUTTON_LABEL), "uri": uri}
    return _button(action, style="primary", color=_DANGER if in_danger else _CALL)


def _button(action: Json, **look: str) -> Json:
    return {"type": "button", "height": "md", "adjustMode": "shrink-to-fit", "scaling": True, "action": action, **look}


def _buttons(reply: Reply, wording: Wording) -> Iterator[Json]:
    """The choices on the card, with the number that can be typed instead."""
    on_card = [(number, choice) for number, choice in enumerate(reply.choices, 1) if choice.does.startswith(_ON_CARD)]
    if on_card and reply.route in {Route.ANSWER, Route.DESK} and on_card[0][1].does.startswith("entry:"):
        yield _text(wording.say("choice-others"), size="md", weight="bold", color=_SOFT_INK, margin="xl")
    for number, choice in on_card:
        label = choice.label if choice.does.startswith(CLAIM) else f"{number} {choice.label}"
        yield _button(_press(choice, label, choice.does), style="secondary", color=_CHOICE)
    for choice in filter(partial(_belongs_to_entry, reply), reply.choices):
        yield _button(_press(choice, choice.label, f"{choice.does}@{reply.entries[0].id}"), style="link")


def _belongs_to_entry(reply: Reply, choice: Choice) -> bool:
    """Whether the button concerns the entry of this card, and so belongs on the card."""
    return bool(reply.entries) and reply.route is Route.ANSWER and choice.does in _ON_ANSWERS


def _press(choice: Choice, label: str, data: str) -> Json:
    """A button that keeps its meaning however old the card is; its label appears in the chat as if typed."""
    return {
        "type": "postback",
        "label": cut_graphemes(label, _BUTTON_LABEL),
        "data": data,
        "displayText": cut_graphemes(choice.label, _TEXT_LIMIT),
    }


def _small(reply: Reply) -> Iterator[Json]:
    said = [line for line in reply.small if line.strip()]
    if said:
        yield {"type": "separator", "margin": "xl"}
        yield from (_text(line, size="sm", color=_SOFT_INK) for line in said)


def _quick_replies(reply: Reply, wording: Wording) -> list[Json]:
    """Plain words: pressing one types it. They vanish with the next message; typing them always works."""
    nav = [
        choice
        for choice in reply.choices
        if not choice.does.startswith(_ON_CARD) and not _belongs_to_entry(reply, choice)
    ]
    if not nav and reply.route is not Route.EMERGENCY and not reply.glance:
        nav = [Choice(wording.say(f"choice-{name}"), name) for name in ("menu", "person")] if reply.choices else []
    return [
        {
            "type": "action",
            "action": {
                "type": "message",
                "label": cut_graphemes(choice.label, _QUICK_LABEL),
                "text": cut_graphemes(choice.label, _TEXT_LIMIT),
            },
        }
        for choice in nav[:QUICK_REPLIES]
    ]
