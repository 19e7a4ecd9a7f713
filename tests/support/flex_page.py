"""Render LINE messages as an HTML page for visual checks: cards, buttons, quick replies. An approximation of LINE."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

_TEXT = {"xs": 13, "sm": 14, "md": 16, "lg": 19, "xl": 22, "xxl": 29}
_SPACE = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
_STYLE = """
body { margin: 0; padding: 12px; width: 366px; background: #8cabd8; font-family: "Noto Sans CJK JP", sans-serif; }
.who { font-size: 12px; color: #2b3a55; margin: 10px 0 4px; }
.card { background: #fff; border-radius: 14px; overflow: hidden; }
.text { background: #fff; border-radius: 14px; padding: 10px 14px; font-size: 16px; white-space: pre-wrap; }
.box { display: flex; flex-direction: column; }
.button { height: 52px; border-radius: 8px; display: flex; align-items: center; justify-content: center;
  font-size: 16px; padding: 0 10px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.separator { border-top: 1px solid #d4d6da; }
.cut { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.quick { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 14px; }
.quick span { background: #fff; border-radius: 16px; padding: 7px 13px; font-size: 14px; }
"""


def flex_page(messages: Iterable[Json]) -> str:
    """One page with all messages. Raises ValueError for message types it cannot render."""
    shown = "".join(map(_message, messages))
    return f'<!doctype html><html lang="ja"><meta charset="utf-8"><style>{_STYLE}</style><body>{shown}</body></html>'


def _message(message: Json) -> str:
    who = f'<div class="who">{escape(message.get("sender", {}).get("name", ""))}</div>'
    if message["type"] == "text":
        body = f'<div class="text">{escape(message["text"])}</div>'
    elif message["type"] == "flex" and message["contents"]["type"] == "bubble":
        body = f'<div class="card">{_part(message["contents"]["body"], 0)}</div>'
    else:
        fault = f"cannot draw a message of type {message['type']}"
        raise ValueError(fault)
    items = message.get("quickReply", {}).get("items", ())
    quick = "".join(f"<span>{escape(item['action']['label'])}</span>" for item in items)
    return f'{who}{body}<div class="quick">{quick}</div>'


def _part(part: Json, space: int) -> str:
    margin = _SPACE[part["margin"]] if "margin" in part else space
    match part["type"]:
        case "box":
            inner_space = _SPACE[part.get("spacing", "none")]
            inner = "".join(_part(child, inner_space if number else 0) for number, child in enumerate(part["contents"]))
            return f'<div class="box" style="margin-top:{margin}px;padding:{part.get("paddingAll", "0")}">{inner}</div>'
        case "text":
            return _text(part, margin)
        case "button":
            return _button(part, margin)
        case "separator":
            return f'<div class="separator" style="margin-top:{margin}px"></div>'
        case other:
            fault = f"cannot draw a component of type {other}"
            raise ValueError(fault)


def _text(part: Json, margin: int) -> str:
    size, weight = _TEXT[part.get("size", "md")], 700 if part.get("weight") == "bold" else 400
    look = f"margin-top:{margin}px;font-size:{size}px;font-weight:{weight};color:{part.get('color', '#111')}"
    return (
        f'<div class="{"" if part.get("wrap") else "cut"}" style="{look};line-height:1.4">{escape(part["text"])}</div>'
    )


def _button(part: Json, margin: int) -> str:
    ground, ink = {
        "primary": (part.get("color", "#17c950"), "#fff"),
        "secondary": (part.get("color", "#dcdfe5"), "#111"),
        "link": ("transparent", part.get("color", "#42659a")),
    }[part.get("style", "link")]
    look = f"margin-top:{margin}px;background:{ground};color:{ink}"
    return f'<div class="button" style="{look}">{escape(part["action"]["label"])}</div>'
