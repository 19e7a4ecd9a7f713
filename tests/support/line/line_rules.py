"""LINE's rules for what it is sent: the limits of every object, and its schemas where the specification is at hand."""

import json
import re
import struct
from typing import Any

import regex

from bot.channels.text_limits import utf16_length

Json = dict[str, Any]
_SCHEMES = re.compile(r"(https?|line|tel):")


def faults_of_messages(body: Json) -> list[str]:
    """What breaks LINE's rules in the body of a reply or a push."""
    messages = body.get("messages", [])
    if not 1 <= len(messages) <= 5:
        return ["messages: Size must be between 1 and 5"]
    found: list[str] = []
    for number, message in enumerate(messages):
        found += [f"messages[{number}].{fault}" for fault in _message(message)]
    return found


def faults_of_menu(body: Json) -> list[str]:
    """What breaks LINE's rules in a rich menu."""
    found = []
    size = body["size"]
    if not (800 <= size["width"] <= 2500 and size["height"] >= 250 and size["width"] / size["height"] >= 1.45):
        found.append("size: not of a rich menu")
    if len(body["chatBarText"]) > 14 or len(body["name"]) > 300 or len(body["areas"]) > 20:
        found.append("chatBarText, name or areas: too long")
    for number, area in enumerate(body["areas"]):
        bounds = area["bounds"]
        inside = bounds["x"] + bounds["width"] <= size["width"] and bounds["y"] + bounds["height"] <= size["height"]
        found += [] if inside else [f"areas[{number}].bounds: outside of the picture"]
        found += [f"areas[{number}].{fault}" for fault in _action(area["action"], 20, required=False)]
    return found


def faults_of_picture(picture: bytes, content_type: str, menu: Json) -> list[str]:
    """What breaks LINE's rules in the picture of a rich menu."""
    if content_type != "image/png" or not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return ["picture: no PNG"]
    width, height = struct.unpack(">II", picture[16:24])
    found = [] if len(picture) <= 1_000_000 else ["picture: over 1 MB"]
    same = {"width": width, "height": height} == menu["size"]
    return found if same else [*found, f"picture: {width}x{height}"]


def _message(message: Json) -> list[str]:
    found = []
    match message["type"]:
        case "text":
            if not message["text"].strip() or utf16_length(message["text"]) > 5000:
                found.append("text: empty or over 5000")
        case "flex":
            found += _flex(message)
        case other:
            found.append(f"type: {other}")
    items = message.get("quickReply", {"items": [None]})["items"]
    if not 1 <= len(items) <= 13:
        found.append("quickReply.items: 1 to 13")
    for number, item in enumerate(each for each in items if each):
        found += [f"quickReply.items[{number}].{fault}" for fault in _action(item["action"], 20, required=True)]
    name = message.get("sender", {}).get("name", "x")
    if not 1 <= _graphemes(name) <= 20 or "LINE" in name.upper():
        found.append("sender.name: 1 to 20, without LINE")
    return found


def _flex(message: Json) -> list[str]:
    found = [] if 1 <= utf16_length(message["altText"]) <= 1500 else ["altText: 1 to 1500"]
    contents = message["contents"]
    bubbles = contents["contents"] if contents["type"] == "carousel" else [contents]
    found += [] if 1 <= len(bubbles) <= 12 else ["contents: 1 to 12 bubbles"]
    for bubble in bubbles:
        if len(json.dumps(bubble, ensure_ascii=False).encode()) > 30_000:
            found.append("contents: over 30 KB")
        for block in ("header", "hero", "body", "footer"):
            found += _component(bubble.get(block), f"contents.{block}")
    return found


def _component(part: Json | None, where: str) -> list[str]:
    if part is None:
        return []
    found = []
    match part["type"]:
        case "box":
            inner = [_component(each, f"{where}.contents[{n}]") for n, each in enumerate(part["contents"])]
            return [fault for each in inner for fault in each]
        case "text":
            found += [] if part.get("text") or part.get("contents") else [f"{where}.text: empty"]
        case "button":
            found += [f"{where}.{fault}" for fault in _action(part["action"], 40, required=True)]
        case "separator":
            pass
        case other:
            found.append(f"{where}.type: {other}")
    color = part.get("color", "#000000")
    return found if re.fullmatch(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?", color) else [*found, f"{where}.color: {color}"]


def _action(action: Json, label: int, *, required: bool) -> list[str]:
    length = _graphemes(action.get("label", ""))
    found = [] if length <= label and (length or not required) else [f"action.label: 1 to {label}"]
    match action["type"]:
        case "message":
            found += [] if 1 <= _graphemes(action["text"]) <= 300 else ["action.text: 1 to 300"]
        case "postback":
            found += [] if 1 <= utf16_length(action["data"]) <= 300 else ["action.data: 1 to 300"]
            found += [] if _graphemes(action.get("displayText", "")) <= 300 else ["action.displayText: 300"]
        case "uri":
            good = len(action["uri"]) <= 1000 and _SCHEMES.match(action["uri"]) and "#" not in action["uri"]
            found += [] if good else [f"action.uri: {action['uri']}"]
        case other:
            found.append(f"action.type: {other}")
    return found


def _graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))
