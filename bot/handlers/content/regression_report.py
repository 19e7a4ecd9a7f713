"""What a regression check of a draft has found, as it is stored and shown."""

import zlib
from dataclasses import dataclass, field

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Cause:
    """What in the draft does it: words that blank out or calm, a new phrase of an entry, a new synonym. Or unknown."""

    calming: str = ""
    phrase: str = ""
    owner: str = ""
    synonym: str = ""


@dataclass(frozen=True)
class Regression:
    """A message of danger or distress that would be heard less. `by_lists`: by the words alone, without the model."""

    text: str
    expected: str
    before: str
    after: str
    by_lists: bool
    cause: Cause


@dataclass(frozen=True)
class ChangedAnswer:
    """A question whose answer changes: route and first entry, before and after."""

    text: str
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Collision:
    """A new phrase that is nearer to another entry than to its own, as residents are answered now."""

    phrase: str
    owner: str
    nearer: str


@dataclass(frozen=True)
class RegressionReport:
    """Everything that was found. Figures: name, before, after, of how many."""

    faults: list[tuple[str, int, str, str]] = field(default_factory=list)
    lost: list[Regression] = field(default_factory=list)
    turned: list[ChangedAnswer] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)
    figures: list[tuple[str, float, float, int]] = field(default_factory=list)
    most_drop: int = 0

    @property
    def drop(self) -> float:
        """By how many points of a hundred first answers get worse."""
        found = next(((before, after) for name, before, after, _ in self.figures if name == "first"), (0.0, 0.0))
        return round(max(0.0, found[0] - found[1]) * 100, 2)

    @property
    def drops_too_far(self) -> bool:
        """Whether first answers would get worse by more than the office allows."""
        return self.drop > self.most_drop

    @property
    def is_refused(self) -> bool:
        """Whether it must not be published."""
        return bool(self.faults or self.lost or self.drops_too_far)


def write_proof(proof: RegressionReport) -> bytes:
    """For the database."""
    return zlib.compress(TypeAdapter(RegressionReport).dump_json(proof))


def read_proof(written: bytes) -> RegressionReport:
    """What `write_proof` wrote."""
    return TypeAdapter(RegressionReport).validate_json(zlib.decompress(written))
