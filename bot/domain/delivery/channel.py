"""The seam to the network: a platform on which people write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.delivery.delivery_rules import SendMethod, SendResult
from bot.domain.messages import Event, Reply
from bot.domain.wording import Wording


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
