"""The server process: one application, under uvicorn, with the logs of the context."""

import sys

import uvicorn
from starlette.applications import Starlette


def serve_site(app: Starlette, host: str, port: int) -> None:
    """Serve until the process is told to end. uvicorn's own log settings would print messages of exceptions."""
    sys.setswitchinterval(0.001)  # webhooks must not wait long for threads that compute
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
