"""Throttle failed attempts with growing waits. Stored in the database, so a restart resets nothing."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection

from bot.storage.staff.session_rows import Failures, read_failures, write_failures

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_RESET_AFTER = timedelta(hours=24)


class TooManyTriesError(Exception):
    """No attempt is accepted before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True)
class Throttle:
    """Attempts at one form. `free`: failures without a wait, by kind of key; `longest`: the longest wait, by kind.

    `values`: what was typed, and from where, by kind; stored only as keyed hashes.
    """

    form: str
    free: Mapping[str, int]
    secret: bytes
    values: Mapping[str, str]
    longest: Mapping[str, timedelta] = field(default_factory=lambda: MappingProxyType({}))

    def check(self, connection: Connection, now: datetime) -> None:
        """Raises TooManyTriesError while one of the keys has to wait."""
        for kind, free in self.free.items():
            failures = read_failures(connection, self._key(kind), now)
            count = _counted(failures, now)
            if count >= free:
                wait = min(_FIRST_WAIT * 2 ** min(count - free, 10), self.longest.get(kind, _LONGEST_WAIT))
                if now < failures.last_at + wait:
                    raise TooManyTriesError(failures.last_at + wait)

    def count_failure(self, connection: Connection, now: datetime) -> None:
        for kind in self.free:
            failures = read_failures(connection, self._key(kind), now)
            write_failures(connection, self._key(kind), Failures(_counted(failures, now) + 1, now))

    def begin_attempt(self, connection: Connection, now: datetime) -> None:
        """Check, and count the attempt as failed until `reset`. Raises TooManyTriesError."""
        self.check(connection, now)
        self.count_failure(connection, now)

    def reset(self, connection: Connection, now: datetime) -> None:
        """Reset the failures after a success."""
        for kind in self.free:
            write_failures(connection, self._key(kind), Failures(0, now))

    def _key(self, kind: str) -> str:
        message = f"{self.form}\0{kind}\0{self.values[kind]}".encode()
        return hmac.digest(self.secret, message, "sha256").hex()


def _counted(failures: Failures, now: datetime) -> int:
    return 0 if now - failures.last_at > _RESET_AFTER else failures.count
