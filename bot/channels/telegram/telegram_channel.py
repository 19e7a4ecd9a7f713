"""Telegram as the context sees it: updates are read, messages are sent, notices are written anew."""

from datetime import datetime

from bot.channels.telegram.telegram_events import NAME, lane_of, read_update
from bot.channels.telegram.telegram_sender import TelegramSender
from bot.domain.delivery.channel import Outgoing, Pushes
from bot.domain.delivery.delivery_rules import SendResult
from bot.domain.messages import Event


class TelegramChannel:
    """A `Channel`."""

    name = NAME
    knows_repeats = False

    def __init__(self, sender: TelegramSender) -> None:
        self._sender = sender

    def read(self, raw: str, received_at: datetime) -> Event:
        """What a stored raw update says."""
        return read_update(raw, received_at)

    def lane_of(self, address: str) -> str:
        """What the database knows this address by."""
        return lane_of(address)

    async def send(self, outgoing: Outgoing) -> SendResult:
        """One attempt."""
        return await self._sender.send(outgoing)

    async def pushes(self) -> Pushes | None:
        """Messages cost nothing here."""
        return None

    async def close(self) -> None:
        """Give back the connections."""
        await self._sender.close()
