"""A clock that goes on only by hand, and the moments at which tests begin."""

from dataclasses import dataclass
from datetime import UTC, datetime

TUESDAY_NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""12:00 in Otaru on a working day."""
TUESDAY_NIGHT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""3:00 in Otaru, the night to Wednesday."""


@dataclass
class ManualClock:
    """What a context is given as its `clock`."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now
