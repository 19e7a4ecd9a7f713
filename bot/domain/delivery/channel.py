"""The interface to a messaging platform."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.delivery.delivery_rules import SendMethod, SendResult
from bot.domain.messages import Event, Reply
from bot.domain.wording import Wording


@dataclass(frozen=True)
class Outgoing:
    """One attempt to send something over a platform."""

    way: SendMethod
    reply: Reply
    wording: Wording
    address: str
    ticket: str
    retry_key: str
    as_text: bool
    message: str = ""
    """The platform's id of the message to edit (`SendMethod.AMEND`)."""


@dataclass(frozen=True)
class Pushes:
    """Messages of this month. `limit`: None if there is none."""

    used: int
    limit: int | None


class Channel(Protocol):
    """One platform. Reading is pure; sending happens on one event loop."""

    @property
    def name(self) -> str:
        """Its name in the database."""

    @property
    def knows_repeats(self) -> bool:
        """Whether a push repeated under the same key is accepted only once."""

    def read(self, raw: str, received_at: datetime) -> Event:
        """Parse a stored raw event. Never raises: one that cannot be understood is `OTHER` with its strings."""

    def lane_of(self, address: str) -> str:
        """The database's name for the person or group at this address (`Event.lane`)."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """One attempt, within seconds. Never raises for failures of the platform."""

    async def pushes(self) -> Pushes | None:
        """Messages used this month; None if the platform does not say."""

    async def close(self) -> None:
        """Close the connections."""
