"""Doors and work in processes of their own on one PostgreSQL, as a Procfile starts them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, new_database
from tests.support.line.line_residents import SECRET, body_of, post, text_event, user
from tests.support.line.line_server import CHANNEL_ID, LineServer
from tests.support.servers import free_port, start_server

IN_BACKGROUND = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""As a shell starts what ends with `&`: Ctrl-C is switched off."""


def command(environment: dict[str, str], *words: str, by: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*by, sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def workers(environment: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers while the block runs; at its end both are asked to end, and end well."""
    running = [command(environment, "work"), command(environment, "work", by=IN_BACKGROUND)]
    try:
        yield running
    finally:
        for worker in running:
            worker.terminate()
        ended = [worker.wait(timeout=30) for worker in running]
    assert ended == [0, 0]


@pytest.mark.timeout(240)
def test_a_door_and_two_workers_answer_each_event_once(postgresql: str, tmp_path: Path) -> None:
    with LineServer() as line:
        environment = {
            "DATABASE_URL": new_database(postgresql),
            "CONTENT_KEYS": "11" * 32,
            "SECRET_KEY": "22" * 32,
            "LINE_CHANNEL_ID": CHANNEL_ID,
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_API_URL": line.url,
        }
        assert command(environment, "migrate").wait(timeout=60) == 0
        port = free_port()
        door = start_server(tmp_path, port, environment, "--no-work")
        names = [user(f"resident {number}") for number in range(20)]
        bodies = [body_of(text_event("死にたい", who, line.token_for(who))) for who in names]
        assert {post(f"http://127.0.0.1:{port}", body) for body in bodies * 3} == {200}
        with workers(environment):
            line.wait_for(20, 90)
            taken = line.wait_until_quiet(2.0)
        door.terminate()
        door.wait(timeout=30)
    assert sorted(each.to for each in taken) == sorted(names)
    assert line.broken_rules == []
