"""Telegram's limits, and the fields and types of its specification."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.channels.text_limits import utf16_length
from tests.conftest import ROOT

SPECIFICATION = ROOT / "tests" / "specs" / "telegram-bot-api.json"

Json = dict[str, Any]


def faults_of(method: str, values: Mapping[str, Any]) -> list[str]:
    """Violations in a Bot API call."""
    faults = [f"{method}.{fault}" for fault in _fields(_specification()["methods"].get(method), values)]
    limits = {"sendMessage": _message, "editMessageText": _message, "answerCallbackQuery": _toast}
    return faults + [f"{method}.{fault}" for fault in limits.get(method, lambda _: [])(values)]


def _message(values: Mapping[str, Any]) -> list[str]:
    length = utf16_length(values["text"])
    faults = [] if values["text"].strip() and length <= 4096 else [f"text: {length} of 4096"]
    for entity in values.get("entities", []):
        inside = entity["offset"] >= 0 and entity["length"] > 0 and entity["offset"] + entity["length"] <= length
        faults += [] if inside else [f"entities: outside of the text: {entity}"]
    rows = values.get("reply_markup", {}).get("inline_keyboard", [])
    faults += (
        [] if sum(map(len, rows)) <= 100 and all(1 <= len(row) <= 8 for row in rows) else ["reply_markup: too many"]
    )
    for button in (button for row in rows for button in row):
        data = len(button.get("callback_data", "").encode())
        faults += [] if 1 <= data <= 64 and button["text"].strip() else [f"callback_data: {data} bytes of 64"]
    return faults


def _toast(values: Mapping[str, Any]) -> list[str]:
    return [] if utf16_length(values.get("text", "")) <= 200 else ["text: over 200"]


def _fields(shape: Json | None, values: Mapping[str, Any]) -> list[str]:
    """Fields that are missing, unknown or of a wrong type; none for what is not specified."""
    if shape is None:
        return []
    fields = {field["name"]: field for field in shape.get("fields", [])}
    faults = [f"{name}: unknown" for name in values if name not in fields]
    faults += [f"{name}: missing" for name, field in fields.items() if field["required"] and name not in values]
    for name, value in values.items():
        if name in fields:
            faults += [f"{name}: {fault}" for fault in _typed(fields[name]["types"], value)]
    return faults


def _typed(types: list[str], value: Any) -> list[str]:
    """Faults of a value under the allowed type that fits it best."""
    return min((_as(name, value) for name in types), key=len)


def _as(name: str, value: Any) -> list[str]:
    plain = {"String": str, "Integer": int, "Boolean": bool, "True": bool, "Float": float}
    if name.startswith("Array of "):
        if not isinstance(value, list):
            return ["no list"]
        return [fault for item in value for fault in _as(name.removeprefix("Array of "), item)]
    if name in plain:
        return [] if isinstance(value, plain[name]) else [f"no {name}"]
    return _fields(_specification()["types"].get(name), value) if isinstance(value, dict) else [f"no {name}"]


@cache
def _specification() -> Json:
    specification: Json = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    return specification
