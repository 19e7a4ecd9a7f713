"""The kinds of danger and distress, as the content lists them: the most urgent first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NewType

from bot.domain.messages import Route

KindId = NewType("KindId", str)
"""The name of a kind as it is stored. One that the content no longer lists stays readable."""


class KindRole(StrEnum):
    """What one kind stands for where no list has said a kind."""

    UNSURE_EMERGENCY = "unsure-emergency"
    """Danger that only the classifier hears, like no example with a kind."""
    UNSURE_DESK = "unsure-desk"
    PERSON = "person"
    """The wish to talk with a person."""


@dataclass(frozen=True)
class Kind:
    """One kind: how urgent it is, what is said, whom to call, and what must not happen to its case."""

    id: KindId
    name: str
    urgency: Route
    lead: str = ""
    easy: str = ""
    lines: tuple[str, ...] = ()
    is_talk: bool = False
    """A voice helps more than an ambulance: only the lines open now, day-and-night ones first."""
    has_silent_line: bool = False
    """The way for those who cannot speak is said too."""
    may_be_asked_later: bool = False
    """False where somebody who does harm may read along: then nothing comes by itself."""
    role: KindRole | None = None

    @property
    def sentences(self) -> Mapping[str, str]:
        """Its sentences by the keys under which the code says them."""
        lead = f"{self.urgency}-{self.id}"
        said = {f"kind-{self.id}": self.name, lead: self.lead, f"{lead}.easy": self.easy}
        return {key: sentence for key, sentence in said.items() if sentence}


@dataclass(frozen=True)
class Kinds:
    """The table of kinds. Its order decides which of two is worse."""

    listed: tuple[Kind, ...] = ()

    def __iter__(self) -> Iterator[Kind]:
        return iter(self.listed)

    def __contains__(self, name: object) -> bool:
        return name in self._by_id

    def __getitem__(self, name: str) -> Kind:
        """The kind of that name; one that is not listed has its name, no line, and is never asked later."""
        return self._by_id.get(name) or Kind(KindId(name), name, Route.DESK)

    def rank(self, name: str) -> int:
        """Its place: the lower, the worse; behind all where it is not listed."""
        return self._places.get(name, len(self.listed))

    def in_order(self, names: Iterable[KindId]) -> tuple[KindId, ...]:
        """The names once each, the worst first."""
        return tuple(sorted(dict.fromkeys(names), key=self.rank))

    def standing_for(self, role: KindRole) -> Kind:
        """The kind of that role. Raises LookupError."""
        found = next((kind for kind in self.listed if kind.role is role), None)
        if found is None:
            raise LookupError(role)
        return found

    @cached_property
    def sentences(self) -> Mapping[str, str]:
        """The sentences of all kinds."""
        return {key: sentence for kind in self.listed for key, sentence in kind.sentences.items()}

    @cached_property
    def _by_id(self) -> Mapping[str, Kind]:
        return {kind.id: kind for kind in self.listed}

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {kind.id: place for place, kind in enumerate(self.listed)}


@dataclass(frozen=True)
class Signal:
    """What triage found. `certain`: a list said so; otherwise only the classifier, which a sure answer may veto."""

    kind: KindId
    route: Route
    certain: bool = True
    probability: float = 1.0


def worst(signals: tuple[Signal, ...], kinds: Kinds) -> Signal | None:
    """The signal that leads: emergencies before the desk, then the order of the kinds."""
    return min(signals, key=lambda each: (each.route is not Route.EMERGENCY, kinds.rank(each.kind)), default=None)
