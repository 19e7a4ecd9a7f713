"""The canonical form of the content: the same data always gives the same bytes, comments included.

Strings are in double quotes, with one key per line; short lists are in brackets, lists of sentences have one item per
line. A program that changes a value writes the file that a careful person would, with all other bytes unchanged.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Data: TypeAlias = "str | list[Data] | dict[str, Data]"
Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]

SENTENCES = frozenset({"phrases", "publishers", "resident", "community", "business", "city", "council"})
"""Lists under these keys have one item per line."""
WRAPPED = "triage/words.yaml"
"""The file of long lists of short words, which are wrapped, as are those under `words` elsewhere."""
_WORDS = "words"
_WRAP_AT = 97
_END: Steps = ("$end",)


@dataclass(frozen=True)
class YamlText:
    """A file as data, with the comments and blank lines before each path."""

    name: str
    data: Data
    comments: dict[Steps, tuple[str, ...]] = field(default_factory=dict)

    def written(self) -> str:
        """The file's text in canonical form."""
        if not self.data:
            lines = [*self.comments.get(_END, ()), "[]"]
        else:
            lines = [*self._block(self.data, (), 0), *self.comments.get(_END, ())]
        return "".join(f"{line}\n" for line in lines)

    def _block(self, data: Data, path: Steps, indent: int) -> Iterator[str]:
        if isinstance(data, dict):
            for key, value in data.items():
                yield from self._before((*path, key), indent)
                yield from self._pair(key, value, (*path, key), indent)
        elif isinstance(data, list):
            for position, value in enumerate(data):
                yield from self._before((*path, position), indent)
                yield from self._item(value, (*path, position), indent)

    def _before(self, path: Steps, indent: int) -> Iterator[str]:
        for comment in self.comments.get(path, ()):
            yield f"{' ' * indent}{comment}" if comment else ""

    def _pair(self, key: str, value: Data, path: Steps, indent: int) -> Iterator[str]:
        lead = f"{' ' * indent}{key}:"
        if isinstance(value, str):
            yield f"{lead} {quoted(value)}"
        elif isinstance(value, list) and all(isinstance(member, str) for member in value):
            yield from self._strings(lead, [str(member) for member in value], path, indent)
        elif isinstance(value, dict) and not value:
            yield f"{lead} {{}}"
        else:
            yield lead
            yield from self._block(value, path, indent + 2)

    def _strings(self, lead: str, values: list[str], path: Steps, indent: int) -> Iterator[str]:
        if values and path[-1] in SENTENCES:
            yield lead
            for position, value in enumerate(values):
                yield from self._before((*path, position), indent + 2)
                yield f"{' ' * (indent + 2)}- {quoted(value)}"
        elif values and (self.name == WRAPPED or _WORDS in path[:-1]):
            yield f"{lead} ["
            yield from (f"{' ' * (indent + 2)}{line}" for line in _wrapped(values))
            yield f"{' ' * indent}]"
        else:
            yield f"{lead} [{', '.join(map(quoted, values))}]"

    def _item(self, value: Data, path: Steps, indent: int) -> Iterator[str]:
        """A list's item: its first line carries the dash."""
        if isinstance(value, str):
            yield f"{' ' * indent}- {quoted(value)}"
            return
        lines = list(self._block(value, path, indent + 2))
        yield f"{' ' * indent}- {lines[0].lstrip()}"
        yield from lines[1:]


def misshapen_line(name: str, text: str) -> int:
    """The first line, from 1, that is not canonical; 0 if all are. Raises YAMLError."""
    have, want = text.split("\n"), parse_yaml(name, text).written().split("\n")
    return next((number for number, pair in enumerate(zip_longest(have, want), 1) if pair[0] != pair[1]), 0)


def quoted(text: str) -> str:
    """In double quotes, on one line, as YAML and JSON both read it."""
    return json.dumps(text, ensure_ascii=False)


def parse_yaml(name: str, text: str) -> YamlText:
    """Parse a well-formed file; scalars stay text. Raises YAMLError."""
    node = YAML(typ="base").compose(text)
    places: dict[int, Steps] = {} if node is None else _first_at_line(node)
    return YamlText(name, [] if node is None else _plain(node), _comments(text.splitlines(), places))


def _plain(node: Node) -> Data:
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(value) for value in node.value]
    return str(node.value) if isinstance(node, ScalarNode) else ""


def _first_at_line(node: Node) -> dict[int, Steps]:
    """For each line (from 0), the outermost path that begins on it."""
    places: dict[int, Steps] = {}
    for line, path in _places(node, ()):
        places.setdefault(line, path)
    return places


def _places(node: Node, path: Steps) -> Iterator[tuple[int, Steps]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key.start_mark.line, (*path, str(key.value))
            yield from _places(value, (*path, str(key.value)))
    elif isinstance(node, SequenceNode):
        for position, value in enumerate(node.value):
            yield value.start_mark.line, (*path, position)
            yield from _places(value, (*path, position))


def _comments(lines: list[str], places: dict[int, Steps]) -> dict[Steps, tuple[str, ...]]:
    comments: dict[Steps, tuple[str, ...]] = {}
    waiting: list[str] = []
    for number, line in enumerate(lines):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            waiting.append(plain)
        elif waiting:
            comments[places.get(number, _END)] = tuple(waiting)
            waiting = []
    if waiting:
        comments[_END] = tuple(waiting)
    return comments


def _wrapped(values: Iterable[str]) -> Iterator[str]:
    line = ""
    for value in values:
        piece = f"{quoted(value)},"
        if line and len(line) + 1 + len(piece) > _WRAP_AT:
            yield line
            line = ""
        line = f"{line} {piece}" if line else piece
    if line:
        yield line
