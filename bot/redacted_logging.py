"""Logging without residents' words: an exception's message may hold some, so uncaught ones are logged without it.

Type and position of the exception stay: enough to find the fault.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

import structlog


class RedactingFormatter(logging.Formatter):
    """One line for a record of any library; of an exception its type and position."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record. With an exception its own message is left out too: asyncio's repeats the exception's."""
        if record.exc_info and record.exc_info[0] is not None:
            return f"level={record.levelname.lower()!r} logger={record.name!r} {places(*record.exc_info[::2])}"
        return f"level={record.levelname.lower()!r} logger={record.name!r} event={record.getMessage()!r}"


def places(kind: type[BaseException], trace: TracebackType | None) -> str:
    """The type of an exception and its stack, the innermost frame last."""
    steps = " < ".join(f"{step.filename}:{step.lineno} {step.name}" for step in traceback.extract_tb(trace))
    return f"error={kind.__name__!r} at={steps!r}"


def redact_logs() -> None:
    """Configure the logs of this process: its own, those of libraries, and uncaught exceptions."""
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
    sys.excepthook = lambda kind, _, trace: _log_uncaught(log, "not_caught", kind, trace)
    threading.excepthook = lambda args: _log_uncaught(log, "thread_ended", args.exc_type, args.exc_traceback)
    sys.unraisablehook = lambda args: _log_uncaught(log, "not_raised", args.exc_type, args.exc_traceback)


def _log_uncaught(
    log: structlog.typing.BindableLogger, event: str, kind: type[BaseException], trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.error(event, fault=places(kind, trace))  # type: ignore[attr-defined]
