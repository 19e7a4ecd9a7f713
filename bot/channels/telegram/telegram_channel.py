"""Telegram as a `Channel`: reads its updates, sends messages, edits notices."""

from datetime import datetime

from bot.channels.telegram.telegram_events import NAME, lane_of, read_update
from bot.channels.telegram.telegram_sender import TelegramSender
from bot.domain.delivery.channel import Outgoing, Pushes
from bot.domain.delivery.delivery_rules import SendResult
from bot.domain.messages import Event


class TelegramChannel:
    name = NAME
    knows_repeats = False

    def __init__(self, sender: TelegramSender) -> None:
        self._sender = sender

    def read(self, raw: str, received_at: datetime) -> Event:
        return read_update(raw, received_at)

    def lane_of(self, address: str) -> str:
        return lane_of(address)

    async def send(self, outgoing: Outgoing) -> SendResult:
        return await self._sender.send(outgoing)

    async def pushes(self) -> Pushes | None:
        """Messages cost nothing here."""
        return None

    async def close(self) -> None:
        await self._sender.close()
