"""Serve an application with uvicorn in a background thread, on a free loopback port."""

import asyncio
import threading
import time
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.servers import free_port


class RunningApp:
    """`with RunningApp(app) as server:` serves it at `server.url`, including its lifespan."""

    def __init__(self, app: ASGIApp) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = uvicorn.Config(
            _DropsConnections(app), host="127.0.0.1", port=self.port, log_level="critical", lifespan="auto", ws="none"
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for _ in range(2000):
            if self._server.started:
                return self
            time.sleep(0.01)
        message = "the application did not start within 20 seconds"
        raise RuntimeError(message)

    def __exit__(self, *_details: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=30)


class _DropsConnections:
    """If the application raises ConnectionAbortedError, drop the connection without a response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionAbortedError:
            transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
            assert transport is not None, "uvicorn keeps its transport elsewhere now"
            transport.abort()
