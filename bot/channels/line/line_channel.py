"""LINE as the context sees it: events are read, replies are sent."""

from datetime import datetime

from bot.channels.line.line_events import lane_of, read_event
from bot.channels.line.line_sender import LineSender
from bot.domain.delivery.channel import Outgoing, Pushes
from bot.domain.delivery.delivery_rules import SendResult
from bot.domain.messages import Event

NAME = "line"


class LineChannel:
    """A `Channel`."""

    name = NAME
    knows_repeats = True

    def __init__(self, sender: LineSender) -> None:
        self._sender = sender

    def read(self, raw: str, received_at: datetime) -> Event:
        """What a stored raw event says."""
        return read_event(raw, received_at)

    def lane_of(self, address: str) -> str:
        """What the database knows this address by."""
        return lane_of(address)

    async def send(self, outgoing: Outgoing) -> SendResult:
        """One attempt."""
        return SendResult(await self._sender.send(outgoing))

    async def pushes(self) -> Pushes | None:
        """How many of the month's messages are used."""
        return await self._sender.pushes()

    async def close(self) -> None:
        """Give back the connections."""
        await self._sender.close()
