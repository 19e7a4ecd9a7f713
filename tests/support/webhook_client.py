"""LINE's side of the door at speed: signed bodies over kept connections, one a thread."""

import http.client
import threading
import time
from typing import Self

from tests.support.line.line_residents import signature


class WebhookClient:
    """`with WebhookClient(port) as post:` – `post(body)` is the status of the answer, 0 where none came."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        self.seconds: list[float] = []
        """How long each answer took."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        for connection in self._opened:
            connection.close()

    def __call__(self, body: bytes, signed: str | None = None) -> int:
        """Post a body, signed rightly or as told."""
        sign = signature(body) if signed is None else signed
        connection, started = self._connection(), time.perf_counter()
        try:
            connection.request("POST", "/webhooks/line", body, {"x-line-signature": sign.encode("latin-1", "replace")})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0
        self.seconds.append(time.perf_counter() - started)
        return answer.status

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            self._opened.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection
