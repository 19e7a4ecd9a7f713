"""The sentences that the code says by name, read in the code itself: no list of them to keep by hand.

One rule: a name stands in a call that says (`say("welcome")`), is what something called `key` or `notice` may be, or is
taken from `wording[...]`. Templates of pages say in the same way.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bot

_SAYING = frozenset({"say", "plain", "staff_availability", "staff_left", "leave", "menu"})
_CHOOSING = "_choices"
"""Takes names of buttons, all of them without their beginning."""
_HOLDING = frozenset({"key", "notice"})
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_IN_TEMPLATE = re.compile(r'\bsay\(\s*"([a-z0-9-]+)"')


_PACKAGE = Path(bot.__file__).parent


def platforms() -> frozenset[str]:
    """The names of the platforms: each has a folder of its own among the channels, with its sender."""
    return frozenset(path.parent.name for path in (_PACKAGE / "channels").glob("*/*_sender.py"))


@cache
def said_by_name() -> frozenset[str]:
    """Every key that is written out somewhere in the package."""
    names = {name for path in _PACKAGE.rglob("*.py") for name in names_in(path.read_text("utf-8"))}
    pages = (path.read_text("utf-8") for path in _PACKAGE.rglob("*.html"))
    return frozenset(names | {name for page in pages for name in _IN_TEMPLATE.findall(page) if _NAME.fullmatch(name)})


def names_in(source: str) -> Iterator[str]:
    """The keys that a module says by name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call():
                yield from _called(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _HOLDING:
                yield from _names(value)
            case ast.Subscript(value=ast.Name(id="wording") | ast.Attribute(attr="wording"), slice=place):
                yield from _names(place)
            case ast.arguments():
                yield from _defaults(node)
            case _:
                pass


def _called(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in _SAYING and call.args:
        yield from _names(call.args[0])
    elif name == _CHOOSING:
        yield from (f"choice-{each}" for argument in call.args for each in _names(argument))
    yield from (each for given in call.keywords if given.arg in _HOLDING for each in _names(given.value))


def _defaults(arguments: ast.arguments) -> Iterator[str]:
    named = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    for argument, default in zip(named, arguments.defaults, strict=True):
        if argument.arg in _HOLDING:
            yield from _names(default)


def _names(value: ast.expr) -> Iterator[str]:
    """The words that an expression may be; one that is put together (`f"..."`) is none."""
    match value:
        case ast.Constant(value=str(word)) if _NAME.fullmatch(word):
            yield word
        case ast.IfExp(body=one, orelse=other):
            yield from (*_names(one), *_names(other))
        case ast.Starred(value=words):
            yield from _names(words)
        case ast.Dict(values=words) | ast.Tuple(elts=words):
            yield from (name for word in words for name in _names(word))
        case ast.Call(func=ast.Attribute(value=looked_up)):
            yield from _names(looked_up)
        case _:
            pass
