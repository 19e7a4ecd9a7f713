"""Who works on a row, and for how long: a worker that dies lets go by itself."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Lease:
    """Taken `now` by a worker, good `until` then."""

    by: str
    now: datetime
    until: datetime
