"""The rich menu below the chat: a picture with six life situations, rendered from `rich_menu.html` by a browser.

The HTML is the source of the picture, the words and the areas to press. Pressing an area types its words, so whoever
sees no menu (LINE on a computer shows none) can type them.
"""

import hashlib
import json
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 2500, 1686
ALIAS = "sasaeai"
"""The alias that points to the current menu."""
_FOLDER = Path(__file__).parent
_BAR_LIMIT = 14


@dataclass(frozen=True)
class Area:
    """An area of the picture (x, y, width, height in pixels) and the words that pressing it types."""

    text: str
    bounds: tuple[int, int, int, int]


@dataclass(frozen=True)
class RichMenu:
    """The menu in LINE's format. `name` changes with any part of it."""

    name: str
    definition: dict[str, Any]
    picture: bytes


def areas() -> tuple[Area, ...]:
    """In the order of the page."""
    reader = _AreaReader()
    reader.feed((_FOLDER / "rich_menu.html").read_text(encoding="utf-8"))
    return tuple(reader.areas)


def rich_menu(bar_text: str) -> RichMenu:
    """The menu with this text on its bar (at most 14 characters)."""
    definition = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "chatBarText": bar_text[:_BAR_LIMIT],
        "areas": [
            {
                "bounds": dict(zip(("x", "y", "width", "height"), area.bounds, strict=True)),
                "action": {"type": "message", "label": area.text, "text": area.text},
            }
            for area in areas()
        ],
    }
    picture = (_FOLDER / "rich_menu.png").read_bytes()
    digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode() + picture).hexdigest()[:12]
    return RichMenu(f"{ALIAS} {digest}", {**definition, "name": f"{ALIAS} {digest}"}, picture)


class _AreaReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.areas: list[Area] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- its signature
        values = dict(attrs)
        text, bounds = values.get("data-text"), values.get("data-bounds")
        if text and bounds:
            x, y, width, height = map(int, bounds.split(","))
            self.areas.append(Area(text, (x, y, width, height)))
