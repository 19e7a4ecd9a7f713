"""`backup`, `restore`, `purge`, `reseal` as an operator runs them: one plain line for each fault, exit code 2."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.bootstrap import load_keys
from bot.domain.understanding.understander import Understander
from bot.settings import Settings
from bot.storage.cases.case_rows import list_cases
from bot.storage.migrate import migrate
from bot.storage.operations.backup_file import open_file
from bot.storage.operations.sealed_rows import count_by_key
from tests.conftest import ROOT, Resident
from tests.support.contexts import context_of
from tests.support.manual_clock import TUESDAY_NOON

NOTHING: Mapping[str, str] = MappingProxyType({})


def bot(folder: Path, *words: str, more: Mapping[str, str] = NOTHING) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{folder}/bot.db"} | dict(more),
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why."""
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("sasaeai: ")]
    assert "Traceback" not in done.stderr
    return line


@pytest.fixture
def number(tmp_path: Path, understander: Understander) -> str:
    """A city in `tmp_path` with one open case: its number."""
    store = open_file(tmp_path / "bot.db")
    migrate(store)
    keys, _ = load_keys(Settings(database_url=f"sqlite:///{tmp_path}/bot.db"))
    sato = Resident(context_of(store, keys, understander), "sato", TUESDAY_NOON, iter(range(9)))
    sato.says("もう死にたい")
    with store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    store.close()
    return case.number


def test_a_backup_without_a_name_and_back(number: str, tmp_path: Path) -> None:
    done = bot(tmp_path, "backup")
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / "backups").iterdir()
    assert f"{file}: 1 cases (1 open), 1 messages, 0 waiting to be sent" in done.stdout
    assert "there already" in refused(bot(tmp_path, "backup", str(file)))
    assert "--force" in refused(bot(tmp_path, "restore", str(file)))
    empty = tmp_path / "elsewhere"
    assert "put the keys back first" in refused(bot(empty, "restore", str(file)))
    assert not empty.exists()
    strange = {"CONTENT_KEYS": "22" * 32, "SECRET_KEY": "33" * 32}
    assert "CONTENT_KEYS lacks" in refused(bot(empty, "restore", str(file), more=strange))
    kept = {"CONTENT_KEYS": (tmp_path / "keys" / "content").read_text().strip(), "SECRET_KEY": "33" * 32}
    done = bot(empty, "restore", str(file), more=kept)
    assert "1 cases (1 open)" in done.stdout
    assert number in bot(empty, "cases", more=kept).stdout.replace("-", "")
    assert bot(tmp_path, "restore", str(file), "--force").returncode == 0
    assert len(list(tmp_path.glob("bot.db.replaced-*"))) == 1


def test_a_place_that_cannot_be_written_and_a_database_that_is_away(number: str, tmp_path: Path) -> None:
    assert number
    (tmp_path / "file").touch()
    assert "/file: " in refused(bot(tmp_path, "backup", str(tmp_path / "file" / "backup.db")))
    away = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "CONTENT_KEYS": "22" * 32, "SECRET_KEY": "33" * 32}
    for command in ("doctor", "backup", "purge"):
        assert "does not answer" in refused(bot(tmp_path, command, more=away))


def test_purge(number: str, tmp_path: Path) -> None:
    done = bot(tmp_path, "purge")
    assert "Erased: 0 messages of no case, the words of 0 cases, 0 people" in done.stdout
    assert "close it first" in refused(bot(tmp_path, "purge", "--resident", f"{number[:3]}-{number[3:]}"))
    assert "there is no case" in refused(bot(tmp_path, "purge", "--resident", "x"))


@pytest.mark.usefixtures("number")
def test_reseal(tmp_path: Path) -> None:
    old = (tmp_path / "keys" / "content").read_text().strip()
    without = bot(tmp_path, "reseal", more={"CONTENT_KEYS": "22" * 32})
    assert (without.returncode, "put the old key back" in without.stderr) == (1, True)
    done = bot(tmp_path, "reseal", more={"CONTENT_KEYS": f"{'22' * 32},{old}"})
    assert done.returncode == 0
    store = open_file(tmp_path / "bot.db")
    with store.reading() as connection:
        assert len(count_by_key(connection)) == 1
    store.close()
    assert bot(tmp_path, "cases", "--words", more={"CONTENT_KEYS": "22" * 32}).stdout.count("もう死にたい") == 1


def test_backups_are_kept_out_of_git() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "data/backups/x.db", "data/bot.db.replaced-1"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(done.stdout.split()) == 2
