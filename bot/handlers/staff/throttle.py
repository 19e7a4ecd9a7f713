"""Whoever fails waits longer with each try. Kept in a table of ours: a restart forgives nothing."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection

from bot.storage.staff.session_rows import Failures, read_failures, write_failures

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_FORGOTTEN = timedelta(hours=24)


class TooManyTriesError(Exception):
    """The next try is taken only after a while."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True)
class Throttle:
    """Tries at one door. `free`: how many failures each kind of key has without a wait; `longest`: where a wait ends.

    `values` are what was typed, and from where; the table knows them as keyed hashes alone.
    """

    door: str
    free: Mapping[str, int]
    secret: bytes
    values: Mapping[str, str]
    longest: Mapping[str, timedelta] = field(default_factory=lambda: MappingProxyType({}))

    def check(self, connection: Connection, now: datetime) -> None:
        """Raise TooManyTriesError while one of the keys has to wait."""
        for kind, free in self.free.items():
            failures = read_failures(connection, self._key(kind), now)
            count = _counted(failures, now)
            if count >= free:
                wait = min(_FIRST_WAIT * 2 ** min(count - free, 10), self.longest.get(kind, _LONGEST_WAIT))
                if now < failures.last_at + wait:
                    raise TooManyTriesError(failures.last_at + wait)

    def failed(self, connection: Connection, now: datetime) -> None:
        """Count a failure of every key."""
        for kind in self.free:
            failures = read_failures(connection, self._key(kind), now)
            write_failures(connection, self._key(kind), Failures(_counted(failures, now) + 1, now))

    def begin(self, connection: Connection, now: datetime) -> None:
        """Check, and count the try as failed until it is forgiven. Raises TooManyTriesError."""
        self.check(connection, now)
        self.failed(connection, now)

    def forgive(self, connection: Connection, now: datetime) -> None:
        """Forget the failures: it has been right."""
        for kind in self.free:
            write_failures(connection, self._key(kind), Failures(0, now))

    def _key(self, kind: str) -> str:
        written = f"{self.door}\0{kind}\0{self.values[kind]}".encode()
        return hmac.digest(self.secret, written, "sha256").hex()


def _counted(failures: Failures, now: datetime) -> int:
    return 0 if now - failures.last_at > _FORGOTTEN else failures.count
