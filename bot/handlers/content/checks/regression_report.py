"""Result of a regression check of a draft, as stored and shown."""

import zlib
from dataclasses import dataclass, field

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Cause:
    """Likely cause in the draft: a calming word, a new phrase with its entry, a new synonym. All empty: unknown."""

    calming: str = ""
    phrase: str = ""
    owner: str = ""
    synonym: str = ""


@dataclass(frozen=True)
class Regression:
    """A call for help that the draft misses. `by_lists`: missed by the word lists alone, without the model."""

    text: str
    expected: str
    before: str
    after: str
    by_lists: bool
    cause: Cause


@dataclass(frozen=True)
class ChangedAnswer:
    """A question whose (route, first entry) changes."""

    text: str
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Collision:
    """A new phrase that the published content answers with another entry than its own."""

    phrase: str
    owner: str
    nearer: str


@dataclass(frozen=True)
class RegressionReport:
    """`faults`: (file, line, what, how to fix). `figures`: (name, before, after, n)."""

    faults: list[tuple[str, int, str, str]] = field(default_factory=list)
    lost: list[Regression] = field(default_factory=list)
    turned: list[ChangedAnswer] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)
    figures: list[tuple[str, float, float, int]] = field(default_factory=list)
    most_drop: int = 0

    @property
    def drop(self) -> float:
        """Loss of correct first answers, in percentage points."""
        first = next(((before, after) for name, before, after, _ in self.figures if name == "first"), (0.0, 0.0))
        return round(max(0.0, first[0] - first[1]) * 100, 2)

    @property
    def drops_too_far(self) -> bool:
        """Whether the loss exceeds what the office allows."""
        return self.drop > self.most_drop

    @property
    def is_refused(self) -> bool:
        return bool(self.faults or self.lost or self.drops_too_far)


def dump_report(report: RegressionReport) -> bytes:
    return zlib.compress(TypeAdapter(RegressionReport).dump_json(report))


def load_report(dumped: bytes) -> RegressionReport:
    """Inverse of `dump_report`."""
    return TypeAdapter(RegressionReport).validate_json(zlib.decompress(dumped))
