"""LINE as a `Channel`: reads its events, sends replies."""

from datetime import datetime

from bot.channels.line.line_events import lane_of, read_event
from bot.channels.line.line_sender import LineSender
from bot.domain.delivery.channel import Outgoing, Pushes
from bot.domain.delivery.delivery_rules import SendResult
from bot.domain.messages import Event

NAME = "line"


class LineChannel:
    name = NAME
    knows_repeats = True

    def __init__(self, sender: LineSender) -> None:
        self._sender = sender

    def read(self, raw: str, received_at: datetime) -> Event:
        return read_event(raw, received_at)

    def lane_of(self, address: str) -> str:
        return lane_of(address)

    async def send(self, outgoing: Outgoing) -> SendResult:
        return SendResult(await self._sender.send(outgoing))

    async def pushes(self) -> Pushes | None:
        return await self._sender.pushes()

    async def close(self) -> None:
        await self._sender.close()
