"""Canary text that must not appear in any file, log, notice or URL, and its search in every encoding."""

import base64
import json
import urllib.parse
from collections.abc import Iterator

ASCII = "CanaryBird-7719"
JAPANESE = "あおさぎの涙"
WORDS = f"{ASCII} {JAPANESE}"


def writings() -> dict[str, bytes]:
    """Name to bytes: both canary texts in each encoding."""
    return {f"{half} as {name}": written for half in (ASCII, JAPANESE) for name, written in _writings(half)}


def found_in(content: bytes) -> list[str]:
    """Names of the encodings in which the canary appears."""
    return [name for name, written in writings().items() if written in content]


def _writings(text: str) -> Iterator[tuple[str, bytes]]:
    yield "UTF-8", text.encode()
    yield "UTF-16-LE", text.encode("utf-16-le")
    yield "UTF-16-BE", text.encode("utf-16-be")
    yield "Shift_JIS", text.encode("cp932")
    escaped = json.dumps(text)[1:-1]
    yield "escapes", escaped.encode()
    yield "escapes in capitals", escaped.upper().replace("\\U", "\\u").encode()
    yield "bytes as Python shows them", repr(text.encode())[2:-1].encode()
    yield "hex", text.encode().hex().encode()
    for safe in ("", "-"):
        percent = urllib.parse.quote("".join(f"\0{letter}" for letter in text), safe=safe).replace("%00", "")
        yield f"percent {safe}", percent.encode()
        yield f"percent in small letters {safe}", percent.lower().encode()
    for shift in range(3):
        yield f"base64 {shift}", _base64(text.encode(), shift)
        yield f"base64 of UTF-16 {shift}", _base64(text.encode("utf-16-le"), shift)


def _base64(content: bytes, shift: int) -> bytes:
    """Base64 characters common to all texts in which the content starts at byte `shift` of a 3-byte group."""
    whole = base64.b64encode(bytes(shift) + content)
    first = -(-shift * 8 // 6)
    last = (shift + len(content)) * 8 // 6
    return whole[first:last]
