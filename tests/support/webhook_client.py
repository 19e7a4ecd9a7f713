"""A fast client of the LINE webhook: signed bodies over persistent connections, one per thread."""

import http.client
import threading
import time
from typing import Self

from tests.support.line.line_residents import signature


class WebhookClient:
    """`with WebhookClient(port) as post:`; `post(body)` returns the status, 0 without a response."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        self.seconds: list[float] = []
        """Duration of each request."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        for connection in self._opened:
            connection.close()

    def __call__(self, body: bytes, signed: str | None = None) -> int:
        """Post a body with the correct signature, or with `signed`."""
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
