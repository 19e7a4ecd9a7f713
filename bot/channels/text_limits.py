"""Cutting text as platforms count it, in UTF-16 units and graphemes, never inside a visible character."""

import regex

_GRAPHEME = regex.compile(r"\X")
_ELLIPSIS = "…"


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units: most emoji and some kanji are two."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)  # noqa: PLR2004 -- the end of the first plane


def graphemes(text: str) -> list[str]:
    """Split into visible characters: a family emoji is one, a flag is one."""
    return list(map(str, _GRAPHEME.findall(text)))


def cut_graphemes(text: str, most: int) -> str:
    """Cut to at most `most` graphemes; the last one is `…` if something is left out."""
    characters = graphemes(text)
    return text if len(characters) <= most else "".join(characters[: most - 1]) + _ELLIPSIS


def split_utf16(text: str, units: int, most: int) -> list[str]:
    """Split into at most `most` parts of at most `units` UTF-16 units, at the end of a line if one is near.

    Text that does not fit is left out, and the last part then ends with `…`.
    """
    parts: list[str] = []
    while utf16_length(text) > units and len(parts) < most - 1:
        head = _head(text, units)
        end = head.rfind("\n") + 1
        head = head[:end] if end > len(head) // 2 else head
        parts.append(head.rstrip("\n"))
        text = text[len(head) :]
    if utf16_length(text) > units:
        text = _head(text, units - 1) + _ELLIPSIS
    return [*parts, text]


def _head(text: str, units: int) -> str:
    """As many whole graphemes as fit; at least one code point, even if a single grapheme is longer than the limit."""
    taken, used = 0, 0
    for grapheme in graphemes(text[:units]):
        used += utf16_length(grapheme)
        if used > units:
            break
        taken += len(grapheme)
    return text[: taken or max(units // 2, 1)]
