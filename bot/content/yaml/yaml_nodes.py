"""Reading YAML so that every value keeps its line, and every scalar stays text.

YAML readers turn an unquoted `0134` into a number and `2026-04-01` into a date; here only our own schema assigns
types, and a telephone number without quotes is a fault of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.content.content_faults import Fault
from bot.content.content_files import Files
from bot.content.yaml.yaml_form import misshapen_line


@dataclass
class Sheet:
    """One file and its faults; the list of faults is shared by all files."""

    name: str
    faults: list[Fault]

    def fault(self, line: int, what: str, mend: str) -> None:
        self.faults.append(Fault(self.name, line, what, mend))


@dataclass(frozen=True)
class Value:
    """A place in a YAML file: its node (None if nothing is there), and its name for people."""

    sheet: Sheet
    node: Node | None
    name: str
    line: int

    def __contains__(self, key: str) -> bool:
        return any(name == key for name, _ in self._pairs())

    def __getitem__(self, key: str) -> "Value":
        """The value under `key`; a Value without a node if it is missing."""
        for name, value in self._pairs():
            if name == key:
                return self._at(value, key)
        return Value(self.sheet, None, key, self.line)

    def __iter__(self) -> Iterator["Value"]:
        if isinstance(self.node, SequenceNode):
            return iter([self._at(node, self.name) for node in self.node.value])
        if self.node is not None and not self.is_blank:
            self.sheet.fault(self.line, f"「{self.name}」は一覧ではありません", "各行を「- 」で始めてください")
        return iter([])

    @property
    def is_blank(self) -> bool:
        return self.node is None or (isinstance(self.node, ScalarNode) and not str(self.node.value).strip())

    @property
    def is_quoted(self) -> bool:
        return isinstance(self.node, ScalarNode) and self.node.style in {'"', "'"}

    def items(self) -> list[tuple[str, "Value"]]:
        """The pairs of a mapping."""
        return [(name, self._at(value, name)) for name, value in self._pairs()]

    def text(self, default: str | None = None) -> str:
        """The scalar as written. A missing one without a default is a fault."""
        if isinstance(self.node, ScalarNode) and not self.is_blank:
            return str(self.node.value).strip()
        if self.node is not None and not isinstance(self.node, ScalarNode):
            self.sheet.fault(self.line, f"「{self.name}」は一つの文字列のはずです", "一行の文字にしてください")
        elif default is None:
            self.sheet.fault(self.line, f"「{self.name}」がありません", f"「{self.name}: 」の行を書き足してください")
        return default or ""

    def texts(self) -> tuple[str, ...]:
        """The scalars of a list."""
        return tuple(value.text() for value in self)

    def number(self, default: int) -> int:
        """A whole number."""
        written = self.text(str(default))
        if written.isascii() and written.isdigit():
            return int(written)
        self.sheet.fault(self.line, f"「{self.name}」の「{written}」は数ではありません", "半角の数字で書いてください")
        return default

    def _pairs(self) -> list[tuple[str, Node]]:
        if isinstance(self.node, MappingNode):
            return [(str(key.value), value) for key, value in self.node.value]
        return []

    def _at(self, node: Node, name: str) -> "Value":
        return Value(self.sheet, node, name, node.start_mark.line + 1)


def read_yaml(files: Files, name: str, faults: list[Fault]) -> Value:
    """The file's top value. A file that cannot be read gives one fault and an empty value."""
    sheet = Sheet(name, faults)
    try:
        node = YAML(typ="base").compose(files[name].decode("utf-8-sig"))
    except KeyError:
        sheet.fault(1, "ファイルがありません", "ファイルを元に戻してください")
        node = None
    except UnicodeDecodeError:
        sheet.fault(1, "文字コードが UTF-8 ではありません", "UTF-8 で保存し直してください")
        node = None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        sheet.fault(line, "書き方が崩れていて読めません", '字下げ、「: 」、引用符「"」の閉じ忘れを確かめてください')
        node = None
    _refuse_duplicate_keys(sheet, node)
    return Value(sheet, node, PurePosixPath(name).stem, 1)


def _refuse_duplicate_keys(sheet: Sheet, node: Node | None) -> None:
    """A duplicate key hides one of its values silently: a fault."""
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                sheet.fault(key.start_mark.line + 1, f"「{key.value}」が二回あります", "どちらか一つにしてください")
            seen.add(str(key.value))
            _refuse_duplicate_keys(sheet, value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            _refuse_duplicate_keys(sheet, value)


def misshapen(files: Files) -> Iterable[Fault]:
    """Files not in canonical form: exported and imported, they would not be the same bytes."""
    for name, body in files.items():
        line = misshapen_line(name, body.decode("utf-8-sig"))
        if line:
            yield Fault(name, line, "書き方の形がそろっていません", "python -m bot content check --write で直ります")
