"""Layout of a reply on Telegram: plain text with a bold first sentence, the choices as buttons below it.

Bold is marked by position (entities), not by markup in the text: nothing that anybody wrote can be taken for markup.
Numbers and addresses in the text can be pressed as they are.
"""

from collections.abc import Iterator
from typing import Any

from bot.channels.text_limits import cut_graphemes, split_utf16, utf16_length
from bot.domain.delivery.notices import CLAIM
from bot.domain.messages import Call, Choice, Reply, Route
from bot.domain.wording import Wording

Json = dict[str, Any]

TEXT_UNITS = 4096
MESSAGES = 5
DATA_BYTES = 64
_LABEL = 40
_NUMBERED = "menu:", "entry:", "actor:"
"""Choices of a list, whose number can be typed instead."""
_ON_ANSWERS = frozenset({"side", "more"})


def messages_of(reply: Reply, wording: Wording, *, as_text: bool = False) -> list[Json]:
    """The messages of a reply: `text`, `entities` and, on the last, `reply_markup`. With `as_text` the text alone."""
    text = reply.text if as_text else "\n\n".join(_blocks(reply))
    messages: list[Json] = [{"text": part} for part in split_utf16(text, TEXT_UNITS, MESSAGES)]
    bold = min(utf16_length("\n".join(reply.lead).rstrip()), utf16_length(messages[0]["text"]))
    if bold and not as_text:
        messages[0]["entities"] = [{"type": "bold", "offset": 0, "length": bold}]
    buttons = [] if as_text and not reply.by_staff else [*_buttons(reply, wording)]
    if buttons:
        messages[-1]["reply_markup"] = {"inline_keyboard": [[button] for button in buttons]}
    return messages


def _blocks(reply: Reply) -> Iterator[str]:
    for lines in (reply.lead, tuple(map(_call, reply.calls)), reply.body, reply.small):
        if block := "\n".join(lines).strip("\n"):
            yield block


def _call(call: Call) -> str:
    """The name and whether somebody answers now; on the next line the number alone, so that it can be pressed."""
    state = f"（{call.state}）" if call.state else ""
    return "\n".join(filter(None, (f"▶ {call.name}{state}", call.phone, call.link)))


def _buttons(reply: Reply, wording: Wording) -> Iterator[Json]:
    has_steering = False
    for number, choice in enumerate(reply.choices, 1):
        numbered = choice.does.startswith(_NUMBERED)
        has_steering = has_steering or not (
            numbered or choice.does.startswith(CLAIM) or _belongs_to_entry(reply, choice)
        )
        yield from _button(f"{number} {choice.label}" if numbered else choice.label, _data(reply, choice))
    if reply.choices and not has_steering and reply.route is not Route.EMERGENCY and not reply.glance:
        for name in ("menu", "person"):
            yield from _button(wording.say(f"choice-{name}"), name)


def _button(label: str, data: str) -> Iterator[Json]:
    """A button that keeps its meaning however old the message is; none if its data exceeds the limit."""
    if len(data.encode()) <= DATA_BYTES:
        yield {"text": cut_graphemes(label, _LABEL), "callback_data": data}


def _data(reply: Reply, choice: Choice) -> str:
    return f"{choice.does}@{reply.entries[0].id}" if _belongs_to_entry(reply, choice) else choice.does


def _belongs_to_entry(reply: Reply, choice: Choice) -> bool:
    return bool(reply.entries) and reply.route is Route.ANSWER and choice.does in _ON_ANSWERS
