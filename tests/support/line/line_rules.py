"""LINE's limits on messages, rich menus and pictures."""

import json
import re
import struct
from typing import Any

import regex

from bot.channels.text_limits import utf16_length

Json = dict[str, Any]
_SCHEMES = re.compile(r"(https?|line|tel):")


def faults_of_messages(body: Json) -> list[str]:
    """Violations in the body of a reply or push."""
    messages = body.get("messages", [])
    if not 1 <= len(messages) <= 5:
        return ["messages: Size must be between 1 and 5"]
    faults: list[str] = []
    for number, message in enumerate(messages):
        faults += [f"messages[{number}].{fault}" for fault in _message(message)]
    return faults


def faults_of_menu(body: Json) -> list[str]:
    """Violations in a rich menu."""
    faults = []
    size = body["size"]
    if not (800 <= size["width"] <= 2500 and size["height"] >= 250 and size["width"] / size["height"] >= 1.45):
        faults.append("size: not of a rich menu")
    if len(body["chatBarText"]) > 14 or len(body["name"]) > 300 or len(body["areas"]) > 20:
        faults.append("chatBarText, name or areas: too long")
    for number, area in enumerate(body["areas"]):
        bounds = area["bounds"]
        inside = bounds["x"] + bounds["width"] <= size["width"] and bounds["y"] + bounds["height"] <= size["height"]
        faults += [] if inside else [f"areas[{number}].bounds: outside of the picture"]
        faults += [f"areas[{number}].{fault}" for fault in _action(area["action"], 20, required=False)]
    return faults


def faults_of_picture(picture: bytes, content_type: str, menu: Json) -> list[str]:
    """Violations in the picture of a rich menu."""
    if content_type != "image/png" or not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return ["picture: no PNG"]
    width, height = struct.unpack(">II", picture[16:24])
    faults = [] if len(picture) <= 1_000_000 else ["picture: over 1 MB"]
    same = {"width": width, "height": height} == menu["size"]
    return faults if same else [*faults, f"picture: {width}x{height}"]


def _message(message: Json) -> list[str]:
    faults = []
    match message["type"]:
        case "text":
            if not message["text"].strip() or utf16_length(message["text"]) > 5000:
                faults.append("text: empty or over 5000")
        case "flex":
            faults += _flex(message)
        case other:
            faults.append(f"type: {other}")
    items = message.get("quickReply", {"items": [None]})["items"]
    if not 1 <= len(items) <= 13:
        faults.append("quickReply.items: 1 to 13")
    for number, item in enumerate(item for item in items if item):
        faults += [f"quickReply.items[{number}].{fault}" for fault in _action(item["action"], 20, required=True)]
    name = message.get("sender", {}).get("name", "x")
    if not 1 <= _graphemes(name) <= 20 or "LINE" in name.upper():
        faults.append("sender.name: 1 to 20, without LINE")
    return faults


def _flex(message: Json) -> list[str]:
    faults = [] if 1 <= utf16_length(message["altText"]) <= 1500 else ["altText: 1 to 1500"]
    contents = message["contents"]
    bubbles = contents["contents"] if contents["type"] == "carousel" else [contents]
    faults += [] if 1 <= len(bubbles) <= 12 else ["contents: 1 to 12 bubbles"]
    for bubble in bubbles:
        if len(json.dumps(bubble, ensure_ascii=False).encode()) > 30_000:
            faults.append("contents: over 30 KB")
        for block in ("header", "hero", "body", "footer"):
            faults += _component(bubble.get(block), f"contents.{block}")
    return faults


def _component(part: Json | None, where: str) -> list[str]:
    if part is None:
        return []
    faults = []
    match part["type"]:
        case "box":
            inner = [_component(child, f"{where}.contents[{n}]") for n, child in enumerate(part["contents"])]
            return [fault for faults in inner for fault in faults]
        case "text":
            faults += [] if part.get("text") or part.get("contents") else [f"{where}.text: empty"]
        case "button":
            faults += [f"{where}.{fault}" for fault in _action(part["action"], 40, required=True)]
        case "separator":
            pass
        case other:
            faults.append(f"{where}.type: {other}")
    color = part.get("color", "#000000")
    return (
        faults if re.fullmatch(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?", color) else [*faults, f"{where}.color: {color}"]
    )


def _action(action: Json, label: int, *, required: bool) -> list[str]:
    length = _graphemes(action.get("label", ""))
    faults = [] if length <= label and (length or not required) else [f"action.label: 1 to {label}"]
    match action["type"]:
        case "message":
            faults += [] if 1 <= _graphemes(action["text"]) <= 300 else ["action.text: 1 to 300"]
        case "postback":
            faults += [] if 1 <= utf16_length(action["data"]) <= 300 else ["action.data: 1 to 300"]
            faults += [] if _graphemes(action.get("displayText", "")) <= 300 else ["action.displayText: 300"]
        case "uri":
            good = len(action["uri"]) <= 1000 and _SCHEMES.match(action["uri"]) and "#" not in action["uri"]
            faults += [] if good else [f"action.uri: {action['uri']}"]
        case other:
            faults.append(f"action.type: {other}")
    return faults


def _graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))
