"""A tolerant reader for the platforms' JSON: nothing is lost, however broken or new it is."""

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
    """Decode JSON without losing anything: control characters are allowed, and a duplicate key keeps both values."""
    return json.loads(text, strict=False, object_pairs_hook=_keep_duplicates)


def walk(value: Any, leave_out: Container[str] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- whatever JSON holds
    """Yield every (name, value) in order, at any depth, except below the names in `leave_out`."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, value = waiting.pop()
        yield name, value
        if isinstance(value, dict):
            waiting += [(key, inner) for key, inner in reversed(value.items()) if key not in leave_out]
        elif isinstance(value, list):
            waiting += [(name, inner) for inner in reversed(value)]


def strings(value: Any, leave_out: Container[str] = ()) -> Iterator[str]:  # noqa: ANN401 -- whatever JSON holds
    """Every name and string inside, up to a limit that no honest event reaches."""
    for name, inner_value in islice(walk(value, leave_out), MOST_STRINGS):
        yield name
        if isinstance(inner_value, str):
            yield inner_value


def quoted(raw: str) -> Iterator[str]:
    """Every text between two quotes, whichever of them open a string: one stray quote shifts all the pairs."""
    unescaped = [match.end() for match in _QUOTE.finditer(raw)]
    every = [position + 1 for position, mark in enumerate(raw) if mark == '"']
    for start, end in dict.fromkeys((*pairwise(unescaped), *pairwise(every))):
        try:
            yield json.loads(f'"{raw[start : end - 1]}"', strict=False)
        except ValueError:
            yield raw[start : end - 1]


def inner(value: Json, name: str) -> Json:
    """The object under `name`, or an empty one."""
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def only(values: list[str]) -> str:
    """The only distinct value; empty if there are none or several."""
    return values[0] if len(set(values)) == 1 else ""


def digest(text: str) -> str:
    """A key for an event without an id of its own."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _keep_duplicates(pairs: list[tuple[str, Any]]) -> Json:
    members: Json = {}
    for name, value in pairs:
        while name in members:
            name += "#"  # noqa: PLW2901 -- the duplicate's new name
        members[name] = value
    return members
