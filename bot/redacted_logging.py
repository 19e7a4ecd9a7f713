"""No log may hold a resident's word, and the message of an exception may: what nobody caught is told without it.

Where it happened and of which type it was stays: enough to find the fault.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

import structlog


class RedactingFormatter(logging.Formatter):
    """A line for a record of any library; of an exception its type and its places."""

    def format(self, record: logging.LogRecord) -> str:
        """The record. With an exception its own message is left out too: asyncio's repeats the exception's."""
        if record.exc_info and record.exc_info[0] is not None:
            return f"level={record.levelname.lower()!r} logger={record.name!r} {places(*record.exc_info[::2])}"
        return f"level={record.levelname.lower()!r} logger={record.name!r} event={record.getMessage()!r}"


def places(kind: type[BaseException], trace: TracebackType | None) -> str:
    """The type of an exception, and where it came through, the innermost last."""
    steps = " < ".join(f"{step.filename}:{step.lineno} {step.name}" for step in traceback.extract_tb(trace))
    return f"error={kind.__name__!r} at={steps!r}"


def redact_logs() -> None:
    """Set up the logs of this process: ours, those of libraries, and what is told of exceptions nobody caught."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log = structlog.get_logger()
    sys.excepthook = lambda kind, _, trace: _tell(log, "not_caught", kind, trace)
    threading.excepthook = lambda told: _tell(log, "thread_ended", told.exc_type, told.exc_traceback)
    sys.unraisablehook = lambda told: _tell(log, "not_raised", told.exc_type, told.exc_traceback)


def _tell(
    log: structlog.typing.BindableLogger, event: str, kind: type[BaseException], trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.error(event, fault=places(kind, trace))  # type: ignore[attr-defined]
