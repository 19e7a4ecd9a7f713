"""Time in the tests: a clock that they set themselves, the times at which they start, and the platforms' time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

TUESDAY_NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""12:00 in Otaru on a working day."""
TUESDAY_NIGHT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""3:00 in Otaru on the following Wednesday."""
_events = count()


@dataclass
class ManualClock:
    """Use as `AppContext.clock`; tests change `now`."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def platform_time() -> float:
    """When a platform says that something happened, in seconds: noon on Tuesday, a millisecond later each time."""
    return (TUESDAY_NOON + timedelta(milliseconds=next(_events))).timestamp()
