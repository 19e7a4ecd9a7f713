"""`line setup` and `line status` as an operator runs them, against LINE's server of the tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.line.rich_menu import HEIGHT, WIDTH, areas, rich_menu
from bot.domain.catalog import Catalog
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import step
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.messages import Route
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from tests.conftest import ROOT
from tests.support.line.line_residents import SECRET
from tests.support.line.line_server import CHANNEL_ID, LineServer
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.servers import running_server


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer() as server:
        yield server
    assert server.broken_rules == []


def run(folder: Path, line: LineServer, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "LINE_CHANNEL_ID": CHANNEL_ID,
        "LINE_CHANNEL_SECRET": SECRET,
        "LINE_API_URL": line.url,
        "PUBLIC_URL": "https://bot.example.jp",
    }
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, cwd=ROOT, env=environment | more, capture_output=True, text=True, check=False)


def test_setup_makes_it_right_and_changes_nothing_the_second_time(tmp_path: Path, line: LineServer) -> None:
    first = run(tmp_path, line, "line", "setup")
    assert first.returncode == 0, first.stderr
    assert line.webhook == "https://bot.example.jp/webhooks/line"
    (menu,) = line.menus
    assert line.default_menu == menu
    assert line.aliases == {"sasaeai": menu}
    assert len(line.pictures[menu]) < 1_000_000
    second = run(tmp_path, line, "line", "setup")
    assert "already" in second.stdout
    assert list(line.menus) == [menu]
    assert not (tmp_path / "bot.db").exists()


def test_an_older_menu_of_ours_is_replaced_and_others_are_left_alone(tmp_path: Path, line: LineServer) -> None:
    line.menus = {"old": {"name": "sasaeai 000000000000", **OTHER}, "theirs": {"name": "summer fair", **OTHER}}
    line.aliases = {"sasaeai": "old"}
    assert run(tmp_path, line, "line", "setup").returncode == 0
    assert "theirs" in line.menus
    assert "old" not in line.menus
    assert line.aliases["sasaeai"] == line.default_menu != "old"


OTHER = {"size": {"width": 2500, "height": 843}, "selected": False, "chatBarText": "x", "areas": []}


def test_status_compares_with_a_server_that_runs(tmp_path: Path, line: LineServer) -> None:
    connected = {"LINE_CHANNEL_ID": CHANNEL_ID, "LINE_CHANNEL_SECRET": SECRET, "LINE_API_URL": line.url}
    with running_server(tmp_path, connected) as address:
        before = run(tmp_path, line, "line", "status", PUBLIC_URL=address)
        assert before.returncode == 1
        assert "run: line setup" in before.stdout
        run(tmp_path, line, "line", "setup", PUBLIC_URL=address)
        after = run(tmp_path, line, "line", "status", PUBLIC_URL=address)
    assert after.returncode == 0, after.stdout
    for what in ("token", "chat mode", "webhook", "webhook test", "quota", "rich menu", "last event", "redelivery"):
        assert f"  {what}: " in after.stdout
    assert SECRET not in after.stdout + after.stderr


def test_status_says_what_is_wrong(tmp_path: Path) -> None:
    with LineServer(quota=10, chat_mode="chat", webhook="https://old.example.jp/hook") as line:
        line.used = 9
        said = run(tmp_path, line, "line", "status").stdout
    assert "!!  chat mode: chat" in said
    assert "!!  webhook: https://old.example.jp/hook, expected" in said
    assert "!!  webhook test: " in said
    assert "!!  quota: about 9 of 10" in said
    assert "!!  rich menu: " in said


def test_status_with_a_wrong_secret_and_without_line(tmp_path: Path, line: LineServer) -> None:
    wrong = run(tmp_path, line, "line", "status", LINE_CHANNEL_SECRET="0" * 32)
    assert wrong.returncode == 1
    assert "!!  token: not taken: LINE answered 400" in wrong.stdout
    away = run(tmp_path, line, "line", "status", LINE_API_URL="http://127.0.0.1:9")
    assert "!!  token: not taken" in away.stdout
    setup = run(tmp_path, line, "line", "setup", LINE_API_URL="http://127.0.0.1:9")
    assert setup.returncode == 2
    assert "Traceback" not in away.stderr + setup.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"LINE_CHANNEL_SECRET": ""}, "LINE_CHANNEL_SECRET is missing"),
        ({"LINE_CHANNEL_ID": ""}, "LINE_CHANNEL_ID is missing"),
        ({"LINE_CHANNEL_ID": "abc"}, "LINE_CHANNEL_ID"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is missing"),
        ({"LINE_API_URL": "ftp://x"}, "LINE_API_URL"),
    ],
)
def test_half_an_account_refuses_to_start(tmp_path: Path, line: LineServer, setting: dict[str, str], said: str) -> None:
    refused = run(tmp_path, line, "line", "status", **setting)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert SECRET not in refused.stderr


def test_the_words_of_the_menu_are_understood(understander: Understander) -> None:
    """Pressing an area types its words; whoever sees no menu types them."""
    catalog: Catalog = understander.catalog
    labels = {item.label for item in catalog.menu}
    texts = [area.text for area in areas()]
    assert len(texts) == 8
    assert set(texts[:6]) <= labels
    assert texts[6:] == [catalog.wording["choice-menu"], catalog.wording["choice-person"]]
    moment = ReplyContext(TUESDAY_NOON.astimezone(CITY_ZONE), is_holiday, "482-915")
    for text in texts:
        turn = step(catalog, Thresholds(), Conversation(), understander.understand(text), moment)
        wanted = Route.DESK if text == texts[7] else Route.CLARIFY
        assert turn.reply.route is wanted, text


def test_the_areas_cover_the_picture_without_overlap() -> None:
    covered = sum(width * height for _, _, width, height in (area.bounds for area in areas()))
    assert covered == WIDTH * HEIGHT
    assert rich_menu("困りごと").definition["chatBarText"] == "困りごと"
