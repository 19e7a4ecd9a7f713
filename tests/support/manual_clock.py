"""A clock that tests set themselves, and the times at which tests start."""

from dataclasses import dataclass
from datetime import UTC, datetime

TUESDAY_NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""12:00 in Otaru on a working day."""
TUESDAY_NIGHT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""3:00 in Otaru on the following Wednesday."""


@dataclass
class ManualClock:
    """Use as `AppContext.clock`; tests change `now`."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now
