"""A backup taken beside a server under load, the server killed, the file restored elsewhere: all is there."""

import http.client
import os
import re
import subprocess
import sys
import threading
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.domain.cases.case import shown_number
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import count_deliveries
from bot.storage.engine import open_store
from tests.conftest import ROOT, new_database
from tests.support.line.line_residents import SECRET, body_of, post, text_event, user
from tests.support.line.line_server import CHANNEL_ID, Fault, LineServer
from tests.support.servers import free_port, start_server

SHOWN = re.compile(r"受付番号 (\d{3}-\d{3})")
PUSHED = 12
WRITERS = 3


@dataclass
class Load:
    """Residents who write SOS on the page without a break; `shown`: the numbers that they were given."""

    port: int
    shown: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        body = urllib.parse.urlencode({"text": "もう死にたい"})
        while not self.ended.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("POST", "/messages", body, {"content-type": "application/x-www-form-urlencoded"})
                self.shown += SHOWN.findall(connection.getresponse().read().decode())[:1]
            except (OSError, http.client.HTTPException):
                return  # killed
            finally:
                connection.close()


def bot(environment: dict[str, str], *words: str) -> str:
    """A command of the bot; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, env={**os.environ, **environment}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The settings of the bot that is killed, and of the one that is restored into an empty place."""
    keys = {"CONTENT_KEYS": "11" * 32, "SECRET_KEY": "22" * 32}
    if request.param == "sqlite":
        before, after = (f"sqlite:///{tmp_path}/{name}/bot.db" for name in ("before", "after"))
    else:
        server = request.getfixturevalue("postgresql")
        before = new_database(server, like=request.getfixturevalue("migrated_database"))
        after = new_database(server)
    return keys | {"DATABASE_URL": before}, keys | {"DATABASE_URL": after}


@pytest.mark.timeout(240)
def test_backup_under_load_kill_restore(places: tuple[dict[str, str], dict[str, str]], tmp_path: Path) -> None:
    before, after = places
    with LineServer() as line:
        line.fail_often(1, [Fault.RATE])
        account = {"LINE_CHANNEL_ID": CHANNEL_ID, "LINE_CHANNEL_SECRET": SECRET, "LINE_API_URL": line.url}
        port = free_port()
        server = start_server(tmp_path, port, account | before)
        names = [user(f"resident {number}") for number in range(PUSHED)]
        for who in names:
            assert post(f"http://127.0.0.1:{port}", body_of(text_event("雪かきができない", who))) == 200
        load = Load(port)
        writers = [threading.Thread(target=load.write) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        _until_queued(before)
        known = set(load.shown)
        said = bot(before, "backup", str(tmp_path / "backup.db"))
        while_copying = len(load.shown) - len(known)
        server.kill()
        server.wait()
        load.ended.set()
        for writer in writers:
            writer.join()
        sys.stdout.write(f"{said}{len(known)} shown before, {while_copying} more while the backup was made\n")
        assert known, "nothing was shown before the backup began"
        assert while_copying, "nobody wrote meanwhile"
        line.fail_often(0, [])

        bot(after, "restore", str(tmp_path / "backup.db"))
        store = open_store(after["DATABASE_URL"])
        with store.reading() as connection:
            kept = [shown_number(case.number) for case in list_cases(connection, open_only=True)]
            assert count_deliveries(connection)["queued"] == PUSHED
        store.close()
        assert known <= set(kept)
        assert max(Counter(kept).values()) == 1
        server = start_server(tmp_path, free_port(), account | after)
        line.wait_for(PUSHED, 60)
        line.wait_until_quiet()
        server.terminate()
        server.wait(timeout=20)
    assert sorted(each.to for each in line.taken) == sorted(names), "each pending answer goes out once"
    assert line.broken_rules == []


def _until_queued(settings: dict[str, str]) -> None:
    """Until every LINE message was handled and waits to be sent."""
    store = open_store(settings["DATABASE_URL"])
    pause = threading.Event()
    for _ in range(600):
        with store.reading() as connection:
            if count_deliveries(connection).get("queued") == PUSHED:
                break
        pause.wait(0.1)
    store.close()
