"""The command line keeps its contract: one object, exit codes, nothing stored, faults said in plain English."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.servers import free_port

ASK_KEYS = {"route", "entries", "reply"}
FIGURES = {
    "n", "first", "shown", "at_once", "at_once_right", "emergency_recall", "emergency_recall_lists_only", "desk_recall",
    "answer_to_desk", "answer_to_emergency", "unknown_answered", "unknown_to_emergency", "p99_ms",
}  # fmt: skip


def bot(
    *arguments: str, stdin: bytes = b"", settings: dict[str, str] | None = None, folder: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=os.environ | (settings or {}),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )


def small_project(folder: Path) -> dict[str, str]:
    """A project of its own with few phrases, to be fitted in seconds: the environment in which `bot` works on it."""
    (folder / "bot").symlink_to(ROOT / "bot")
    shutil.copytree(ROOT / "intents", folder / "intents")
    for path in (folder / "intents").rglob("*.yaml"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"(phrases:\n(?: +- .*\n){3})(?: +- .*\n)+", r"\1", text), "utf-8")
    return {"PYTHONPATH": str(folder), "DATABASE_URL": f"sqlite:///{folder}/none/bot.db"}


def ask(text: str, tmp_path: Path) -> dict[str, object]:
    done = bot("ask", "--json", text, settings={"DATABASE_URL": f"sqlite:///{tmp_path}/none/bot.db"})
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert set(found) == ASK_KEYS
    assert not (tmp_path / "none").exists(), "ask made a database"
    return found


def test_ask_finds_the_measure(tmp_path: Path) -> None:
    found = ask("雪かきができない", tmp_path)
    assert found["route"] == "answer"
    entries = found["entries"]
    assert isinstance(entries, list)
    assert entries[0]["id"] == "measure-13"
    assert set(entries[0]) == {"id", "title", "score"}


def test_ask_shows_no_number_of_a_case(tmp_path: Path) -> None:
    found = ask("し に た い", tmp_path)
    assert found["route"] == "emergency"
    assert "(ためし)" in str(found["reply"])


def test_ask_keeps_the_fitted_index_says_so_once_and_makes_no_database(tmp_path: Path) -> None:
    settings = small_project(tmp_path)
    first, second = (bot("ask", "雪かき", "--json", settings=settings, folder=tmp_path) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert re.search(
        rb"^fitting the index of \d+ phrases, about half a minute, once per content", first.stderr, re.MULTILINE
    )
    assert re.search(rb"^done in \d+ s$", first.stderr, re.MULTILINE)
    assert b"fitting" not in second.stderr
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert len(list((tmp_path / "data" / "index").glob("index-*.npz"))) == 1
    assert not (tmp_path / "none").exists(), "ask made a database"


def test_ask_answers_where_nothing_can_be_kept(tmp_path: Path) -> None:
    settings = small_project(tmp_path)
    (tmp_path / "data").write_text("no folder: it cannot be written, whoever runs the test")
    done = bot("ask", "雪かき", "--json", settings=settings, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == ASK_KEYS
    assert b"cannot be written" in done.stderr


def test_the_first_start_says_that_it_fits_the_index(tmp_path: Path) -> None:
    settings = small_project(tmp_path) | {"PORT": str(free_port())}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        cwd=tmp_path,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stderr
        said = []
        for line in server.stderr:
            said.append(line)
            if line.startswith(b"The chat page:"):
                break
        server.terminate()
        server.stderr.read()
    fitting = [line.split(b" ")[0] for line in said if line.startswith((b"fitting the index of ", b"done in "))]
    assert fitting == [b"fitting", b"done"]


def test_ask_reads_standard_input_even_broken() -> None:
    done = bot("ask", "-", "--json", stdin=b"\xe9\x9b\xaa\xe3\x81\x8b\xe3\x81\x8d \xff\xfe")
    assert done.returncode == 0
    assert json.loads(done.stdout)["entries"][0]["id"] == "measure-13"


def test_evaluate_prints_stable_names(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    rows = [
        {"text": "雪かきができない", "route": "answer", "accept": ["measure-13"]},
        {"text": "死にたい", "route": "emergency", "accept": []},
    ]
    cases.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    out = tmp_path / "predictions.jsonl"
    done = bot("evaluate", str(cases), "--json", "--baseline", "--predictions", str(out))
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert set(figures) >= FIGURES
    assert figures["n"] == 2
    assert figures["emergency_recall"] == 1
    predictions = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [set(row) for row in predictions] == [{"text", "route", "entries"}] * 2
    assert predictions[0]["entries"][0] == "measure-13"


def test_a_broken_cases_file_is_said(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"text": "x"}', encoding="utf-8")
    done = bot("evaluate", str(cases))
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"route" in done.stderr


@pytest.mark.parametrize("command", [("work",), ("serve", "--no-work")])
def test_processes_apart_refuse_sqlite(command: tuple[str, ...]) -> None:
    done = bot(*command)
    assert done.returncode == 2
    assert b"PostgreSQL" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "nonsense"),
        ("PORT", "0"),
        ("PORT", "abc"),
        ("PUBLIC_URL", "ftp://x"),
        ("CONTENT_KEYS", "tooshort-SECRETVALUE"),
    ],
)
def test_a_wrong_setting_refuses_to_start_and_says_which(name: str, value: str) -> None:
    done = bot("serve", settings={name: value})
    assert done.returncode == 2
    assert name.encode() in done.stderr
    assert b"SECRETVALUE" not in done.stderr + done.stdout


def test_postgresql_wants_its_keys_set() -> None:
    done = bot("migrate", settings={"DATABASE_URL": "postgresql://127.0.0.1:1/none"})
    assert done.returncode == 2
    assert b"SECRET_KEY" in done.stderr


def test_keys_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    done = bot("migrate", settings={"DATABASE_URL": f"sqlite:///{tmp_path}/bot.db"})
    assert done.returncode == 0, done.stderr
    for name in ("content", "secret"):
        path = tmp_path / "keys" / name
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text("ascii").strip().encode() not in done.stdout + done.stderr


def test_cases_of_an_old_database_ask_for_migrate(tmp_path: Path) -> None:
    done = bot("cases", settings={"DATABASE_URL": f"sqlite:///{tmp_path}/bot.db"})
    assert done.returncode == 2
    assert b"migrate" in done.stderr
