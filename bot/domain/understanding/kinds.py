"""The kinds of danger and distress that the content lists, the worst first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NewType

from bot.domain.messages import Route

KindId = NewType("KindId", str)
"""The stored id of a kind. It stays readable when the content no longer lists it."""


class KindRole(StrEnum):
    """Which kind is used when no word list has determined one."""

    UNSURE_EMERGENCY = "unsure-emergency"
    """Danger that only the classifier detects, unlike any example with a kind."""
    UNSURE_DESK = "unsure-desk"
    PERSON = "person"
    """The wish to talk with a person."""


@dataclass(frozen=True)
class Kind:
    """One kind: its urgency, sentences and phone lines, and what is allowed in its cases."""

    id: KindId
    name: str
    urgency: Route
    lead: str = ""
    easy: str = ""
    lines: tuple[str, ...] = ()
    is_talk: bool = False
    """Talking helps more than an ambulance: only the lines open now, 24-hour ones first."""
    has_silent_line: bool = False
    """The reply also gives the lines for those who cannot speak."""
    may_be_asked_later: bool = False
    """False if somebody who does harm may read along: then the bot never writes unasked."""
    role: KindRole | None = None

    @property
    def sentences(self) -> Mapping[str, str]:
        """Its sentences by the keys that the code uses."""
        lead = f"{self.urgency}-{self.id}"
        sentences = {f"kind-{self.id}": self.name, lead: self.lead, f"{lead}.easy": self.easy}
        return {key: sentence for key, sentence in sentences.items() if sentence}


@dataclass(frozen=True)
class Kinds:
    """The table of kinds, the worst first."""

    listed: tuple[Kind, ...] = ()

    def __iter__(self) -> Iterator[Kind]:
        return iter(self.listed)

    def __contains__(self, name: object) -> bool:
        return name in self._by_id

    def __getitem__(self, name: str) -> Kind:
        """The kind with that id; one that is not listed has its id as name, no lines, and no follow-up question."""
        return self._by_id.get(name) or Kind(KindId(name), name, Route.DESK)

    def rank(self, name: str) -> int:
        """Its position: lower is worse; kinds that are not listed come last."""
        return self._places.get(name, len(self.listed))

    def in_order(self, names: Iterable[KindId]) -> tuple[KindId, ...]:
        """The ids without duplicates, the worst first."""
        return tuple(sorted(dict.fromkeys(names), key=self.rank))

    def standing_for(self, role: KindRole) -> Kind:
        """The kind with that role. Raises LookupError."""
        kind = next((kind for kind in self.listed if kind.role is role), None)
        if kind is None:
            raise LookupError(role)
        return kind

    @cached_property
    def sentences(self) -> Mapping[str, str]:
        return {key: sentence for kind in self.listed for key, sentence in kind.sentences.items()}

    @cached_property
    def _by_id(self) -> Mapping[str, Kind]:
        return {kind.id: kind for kind in self.listed}

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {kind.id: place for place, kind in enumerate(self.listed)}


@dataclass(frozen=True)
class Signal:
    """A finding of triage. `certain`: from a word list; otherwise from the classifier, which a sure answer may veto."""

    kind: KindId
    route: Route
    certain: bool = True
    probability: float = 1.0


def worst(signals: tuple[Signal, ...], kinds: Kinds) -> Signal | None:
    """The leading signal: emergencies before the desk, then the order of the kinds."""
    return min(signals, key=lambda signal: (signal.route is not Route.EMERGENCY, kinds.rank(signal.kind)), default=None)
