"""JSON of platforms, read so that nothing in it is lost, however broken or new it is."""

import hashlib
import json
import re
from collections.abc import Container, Iterator
from itertools import islice, pairwise
from typing import Any

Json = dict[str, Any]

MOST_STRINGS = 2_000
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')


def decode(text: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
    """JSON with nothing thrown away: control characters are allowed, of a doubled key both values are kept."""
    return json.loads(text, strict=False, object_pairs_hook=_keep_all)


def walk(value: Any, leave_out: Container[str] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- whatever JSON holds
    """Every (name, value) inside, in order, at any depth, but for what stands under the names that are left out."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, each = waiting.pop()
        yield name, each
        if isinstance(each, dict):
            waiting += [(key, inner) for key, inner in reversed(each.items()) if key not in leave_out]
        elif isinstance(each, list):
            waiting += [(name, inner) for inner in reversed(each)]


def strings(value: Any, leave_out: Container[str] = ()) -> Iterator[str]:  # noqa: ANN401 -- whatever JSON holds
    """Every name and string inside, up to a number that no honest event reaches."""
    for name, each in islice(walk(value, leave_out), MOST_STRINGS):
        yield name
        if isinstance(each, str):
            yield each


def quoted(raw: str) -> Iterator[str]:
    """Everything between two quotes, whichever of them open a string: one mark too many shifts them all."""
    quotes = [found.end() for found in _QUOTE.finditer(raw)]
    every = [place + 1 for place, mark in enumerate(raw) if mark == '"']
    for start, end in dict.fromkeys((*pairwise(quotes), *pairwise(every))):
        try:
            yield json.loads(f'"{raw[start : end - 1]}"', strict=False)
        except ValueError:
            yield raw[start : end - 1]


def inner(value: Json, name: str) -> Json:
    """The object under that name; an empty one where there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def only(found: list[str]) -> str:
    """The one thing that was found; nothing where there are several."""
    return found[0] if len(set(found)) == 1 else ""


def digest(text: str) -> str:
    """A key for what has none of its own."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _keep_all(pairs: list[tuple[str, Any]]) -> Json:
    kept: Json = {}
    for name, value in pairs:
        while name in kept:
            name += "#"  # noqa: PLW2901 -- the name under which it is kept
        kept[name] = value
    return kept
