"""Run the bot as a separate process, started as an operator starts it, on its own port."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.conftest import ROOT


def free_port() -> int:
    """An unused loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(
    folder: Path, port: int, more: Mapping[str, str] = MappingProxyType({}), *options: str
) -> subprocess.Popen[bytes]:
    """Start `python -m bot serve` on an SQLite file in `folder` and wait until it responds. `more`: environment."""
    own = {"DATABASE_URL": f"sqlite:///{folder}/bot.db", "PORT": str(port)}
    environment = {**os.environ, **own, **more}
    server = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        if server.poll() is not None:
            message = f"the server ended at once with {server.returncode}"
            raise RuntimeError(message)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return server
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    server.kill()
    message = "the server did not answer within a minute"
    raise RuntimeError(message)


@contextmanager
def running_server(folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Run a server during the block; gives its address. `more`: environment."""
    port = free_port()
    server = start_server(folder, port, more)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)
