"""The two seams of the context: the language model, and the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.domain.delivery.delivery_rules import SendMethod, SendResult
from bot.domain.messages import Event, Reply
from bot.domain.wording import Wording

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Analysis:
    """A text as features: content words in dictionary form, its reading in hiragana, its sentence vector if any."""

    tokens: str
    reading: str
    vector: Vector | None = None


class Analyzer(Protocol):
    """Text in, features out. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Which analyzer, with the versions that change its features: a fitted index belongs to one name."""

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Features of each text."""


@dataclass(frozen=True)
class Outgoing:
    """One attempt to say something over a platform."""

    way: SendMethod
    reply: Reply
    wording: Wording
    address: str
    ticket: str
    retry_key: str
    as_text: bool
    message: str = ""
    """The platform's id of the message that is written anew (`SendMethod.AMEND`)."""


@dataclass(frozen=True)
class Pushes:
    """Messages of this month. `limit`: None where there is none."""

    used: int
    limit: int | None


class Channel(Protocol):
    """One platform. Reading is pure; sending happens on one event loop."""

    @property
    def name(self) -> str:
        """What it is called in the database."""

    @property
    def knows_repeats(self) -> bool:
        """Whether a push that comes again under the same key is taken once."""

    def read(self, raw: str, received_at: datetime) -> Event:
        """What a stored raw event says. Never raises: what cannot be understood is `OTHER` with its strings."""

    def lane_of(self, address: str) -> str:
        """What the database knows a person or a group at this address by (`Event.lane`)."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """One attempt, within seconds. Never raises for what the platform does."""

    async def pushes(self) -> Pushes | None:
        """How many of the month's messages are used; None where the platform does not tell."""

    async def close(self) -> None:
        """Give back the connections."""
