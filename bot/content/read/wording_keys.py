"""Find the wording keys that the code uses by name, by parsing the code: no list of them has to be maintained.

One rule: a key is an argument of a call such as `say("welcome")`, a possible value of something called `key` or
`notice`, or an index of `wording[...]`. Page templates use keys in the same way.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bot

_WORDING_CALLS = frozenset({"say", "plain", "staff_availability", "staff_left", "say_bot_answers", "menu"})
_CHOICES_CALL = "_choices"
"""Takes names of buttons, without their prefix."""
_KEY_NAMES = frozenset({"key", "notice"})
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_IN_TEMPLATE = re.compile(r'\bsay\(\s*"([a-z0-9-]+)"')


_PACKAGE = Path(bot.__file__).parent


def platforms() -> frozenset[str]:
    """The names of the platforms: each has a folder with its channel; the mail has none."""
    return frozenset(path.parent.name for path in (_PACKAGE / "channels").glob("*/*_channel.py"))


@cache
def literal_keys() -> frozenset[str]:
    """Every key that is written out in the package."""
    names = {name for path in _PACKAGE.rglob("*.py") for name in names_in(path.read_text("utf-8"))}
    pages = (path.read_text("utf-8") for path in _PACKAGE.rglob("*.html"))
    return frozenset(names | {name for page in pages for name in _IN_TEMPLATE.findall(page) if _NAME.fullmatch(name)})


def names_in(source: str) -> Iterator[str]:
    """The keys that a module uses by name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call():
                yield from _in_call(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _KEY_NAMES:
                yield from _names(value)
            case ast.Subscript(value=ast.Name(id="wording") | ast.Attribute(attr="wording"), slice=place):
                yield from _names(place)
            case ast.arguments():
                yield from _defaults(node)
            case _:
                pass


def _in_call(call: ast.Call) -> Iterator[str]:
    function = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if function in _WORDING_CALLS and call.args:
        yield from _names(call.args[0])
    elif function == _CHOICES_CALL:
        yield from (f"choice-{name}" for argument in call.args for name in _names(argument))
    yield from (key for given in call.keywords if given.arg in _KEY_NAMES for key in _names(given.value))


def _defaults(arguments: ast.arguments) -> Iterator[str]:
    named = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    for argument, default in zip(named, arguments.defaults, strict=True):
        if argument.arg in _KEY_NAMES:
            yield from _names(default)


def _names(value: ast.expr) -> Iterator[str]:
    """The strings that an expression may be; composed ones (`f"..."`) are left out."""
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
