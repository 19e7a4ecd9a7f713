"""README keeps up with the code: every command, setting and place it must name."""

import re

from bot.__main__ import app
from bot.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_every_command_is_in_readme() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert names >= {"serve", "ask", "evaluate", "cases", "migrate", "chat", "work"}
    assert {name for name in names if f"python -m bot {name}" not in README} == set()


def test_every_setting_is_in_readme() -> None:
    assert {name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in README} == set()


def test_every_place_in_readme_exists() -> None:
    places = re.findall(r"`((?:bot|intents|tests|data)/[\w./-]+\.\w+)`", README)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_ci_calls_readmes_second_command() -> None:
    second = README.split("```")[3]
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    for part in second.strip().split(" && "):
        assert part.replace("install --require", "install --quiet --require") in ci or part in ci


def test_readme_names_no_machine() -> None:
    assert not re.search(r"/work/|/root/|/opt/", README)
