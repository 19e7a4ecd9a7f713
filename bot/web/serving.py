"""Run the application under uvicorn."""

import sys

import uvicorn
from starlette.applications import Starlette


def serve_site(app: Starlette, host: str, port: int) -> None:
    """Serve until the process is stopped. uvicorn's log settings are off: they print exception messages."""
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
