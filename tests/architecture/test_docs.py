"""The documents keep up with the code: commands, settings, files and links in them are there, no term is missing."""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.__main__ import app
from bot.settings import Settings
from tests.conftest import ROOT

README = ROOT / "README.md"
OPERATE = ROOT / "bot" / "OPERATE.md"
CODE = ROOT / "bot" / "README.md"
DOCUMENTS = (
    README,
    OPERATE,
    CODE,
    ROOT / "bot" / "channels" / "line" / "README.md",
    ROOT / "bot" / "channels" / "telegram" / "README.md",
    ROOT / "tests" / "README.md",
    ROOT / "data" / "README.md",
    ROOT / "intents" / "README.md",
)
RUNTIME = ("data/bot.db", "data/keys", "data/index", "data/backups", "data/keys/", "data/index/", "data/backups/")
"""What the bot makes beside its files."""

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
)


def every_command(command: Any, *above: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Commands below this one, each with the words that call it."""
    below = getattr(command, "commands", {})
    if not below:
        yield above, command
    for name, each in below.items():
        yield from every_command(each, *above, name)


OPTIONS_OF = {
    words: frozenset(option for each in command.params for option in each.opts)
    for words, command in every_command(typer.main.get_command(app))
}
COMMANDS = frozenset(OPTIONS_OF)
GROUPS = frozenset(command[:1] for command in COMMANDS if len(command) > 1)
OPTIONS = frozenset[str]().union(*OPTIONS_OF.values())


def text_of(document: Path) -> str:
    return document.read_text("utf-8")


def code_in(document: Path) -> Iterator[str]:
    """Everything between backticks, blocks line by line."""
    for part in re.findall(r"```\w*\n(.*?)```", text_of(document), re.DOTALL):
        yield from part.splitlines()
    yield from re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL))


def test_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= 150


def test_every_command_is_in_operate() -> None:
    assert {("serve",), ("ask",), ("content", "check"), ("staff", "add")} <= COMMANDS
    said = list(code_in(OPERATE))
    names = {" ".join(command) for command in COMMANDS}
    assert {name for name in names if not any(re.search(rf"\b{name}\b", line) for line in said)} == set()


@every_document
def test_every_command_in_a_document_exists(document: Path) -> None:
    assert [line for line in commands_in(document) if not is_command(line)] == []


@every_document
def test_every_option_in_a_document_exists(document: Path) -> None:
    named = {name for each in code_in(document) for name in re.findall(r"(?<![\w-])--[a-z-]+", each)}
    assert {"--json", "--force", "--telegram-polling"} <= OPTIONS
    assert named - OPTIONS - {"--require-hashes"} == set()


def commands_in(document: Path) -> list[str]:
    """What follows `python -m bot`, as far as it is words; and `content check` alone."""
    text = re.sub(r"\s+", " ", text_of(document))
    whole = [found.strip() for found in re.findall(r"python -m bot((?: [a-z]+\b(?![=/.]))+)", text)]
    groups = "|".join(sorted(group for (group,) in GROUPS))
    return whole + re.findall(rf"`((?:{groups}) [a-z]+)[` ]", text)


def is_command(line: str) -> bool:
    words = tuple(line.split())
    if words[:1] in GROUPS:
        return words[:2] in COMMANDS
    return words[:1] in COMMANDS


def test_every_setting_is_in_operate() -> None:
    assert {name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in text_of(OPERATE)} == set()


@every_document
def test_every_setting_in_a_document_exists(document: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = {name for each in code_in(document) for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", each)}
    assert named - known == set()


@every_document
def test_every_place_in_a_document_exists(document: Path) -> None:
    assert [place for place in places_in(document) if not (ROOT / place).exists() and place not in RUNTIME] == []


def places_in(document: Path) -> list[str]:
    """Paths from the top of the project: files, and folders that end with a slash or stand as one word."""
    return [
        place
        for each in code_in(document)
        for place in re.findall(r"(?<![\w/.-])((?:bot|intents|tests|data)/[\w./-]*\w/?)(?![\w*…])", each)
        if "NAME" not in place
    ]


def test_places_are_named() -> None:
    """The search finds what it looks for."""
    assert len(places_in(CODE)) > 50


@every_document
def test_every_module_in_a_document_exists(document: Path) -> None:
    tracked = {path.name for path in tracked_files()}
    named = {name for each in code_in(document) for name in re.findall(r"(?<![\w/*-])\w+\.py\b", each)}
    assert named - tracked == set()


@every_document
def test_links_resolve(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    assert [link for link in links if not resolves(document, link)] == []


def resolves(document: Path, link: str) -> bool:
    if "://" in link:
        return True
    place, _, anchor = link.partition("#")
    target = (document.parent / place).resolve() if place else document
    return target.exists() and (not anchor or anchor in anchors_of(target))


def anchors_of(document: Path) -> set[str]:
    """The names of headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_document_is_reached_from_readme() -> None:
    """Whoever starts at README finds all of them, and there are no others."""
    linked = {
        (README.parent / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", text_of(README))
    }
    assert set(DOCUMENTS) - {README} <= linked
    written = {path for path in tracked_files() if path.suffix == ".md" and "specs" not in path.parts}
    assert written == set(DOCUMENTS)


def tracked_files() -> Iterable[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    return [ROOT / line for line in listed.splitlines()]


def test_every_class_of_the_domain_is_in_the_glossary() -> None:
    glossary = text_of(CODE).partition("\n## Glossary")[2]
    said = set(re.findall(r"`(\w+)`", glossary))
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "bot" / "domain").rglob("*.py")]
    classes = {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    assert "Case" in classes
    assert {name for name in classes if not name.startswith("_")} - said == set()


def test_the_ci_calls_readmes_second_command() -> None:
    second = text_of(README).split("```")[3]
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    for part in second.strip().split(" && "):
        assert part.replace("install --require", "install --quiet --require") in ci or part in ci


@every_document
def test_no_document_names_a_machine(document: Path) -> None:
    assert not re.search(r"/work/|/root/|/opt/|/home/|/tmp/", text_of(document))
