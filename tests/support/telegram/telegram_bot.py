"""A complete bot on Telegram in this process (webhook, worker, sender), connected to the fake Bot API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from bot.channels.telegram.telegram_channel import TelegramChannel
from bot.channels.telegram.telegram_sender import TelegramSender
from bot.domain.delivery.channel import Channel
from bot.handlers.app_context import AppContext
from bot.handlers.worker import Worker
from bot.web.site import build_site
from tests.support.line.line_bot import PAUSE, InspectedBot, ShiftedClock, wait_until
from tests.support.line.line_residents import SECRET as LINE_SECRET
from tests.support.running_app import RunningApp
from tests.support.telegram.telegram_residents import SECRET, person, post, text
from tests.support.telegram.telegram_server import TOKEN, Taken, TelegramServer

Json = dict[str, Any]


@dataclass
class TelegramBot(InspectedBot):
    """A running bot and its Telegram server."""

    context: AppContext
    telegram: TelegramServer
    clock: ShiftedClock
    url: str = ""

    def gets(self, update: Json | bytes) -> Json:
        """Telegram posts an update; returns the Bot API call in the webhook's response."""
        status, ask = post(self.url, update)
        assert status == 200
        return ask

    def hears(self, words: str, name: str = "sato", **more: Any) -> Json:
        """A resident writes; returns the update as posted."""
        update = text(words, name, **more)
        self.gets(update)
        return update

    def answer(self, words: str, name: str = "sato") -> Taken:
        """A resident writes; returns the next message that Telegram accepts."""
        before = len(self.telegram.to(person(name)))
        self.hears(words, name)
        return self.next_to(person(name), before)

    def next_to(self, chat: int, before: int) -> Taken:
        """Wait for the message to a chat that follows the first `before` ones."""
        wait_until(lambda: len(self.telegram.to(chat)) > before)
        return self.telegram.to(chat)[before]


def telegram_context(
    context: AppContext,
    telegram: TelegramServer,
    clock: ShiftedClock,
    others: Mapping[str, Channel] = MappingProxyType({}),
) -> AppContext:
    """The context connected to this Telegram server. `others`: further platforms."""
    channels = {**others, "telegram": TelegramChannel(TelegramSender(telegram.url, SecretStr(TOKEN)))}
    return replace(context, clock=clock, channels=channels, reply_pause=PAUSE)


@contextmanager
def running_telegram(
    context: AppContext, telegram: TelegramServer, clock: ShiftedClock, *, works: bool = True
) -> Iterator[TelegramBot]:
    """Run the bot during the block. The database stays open. `works`: with a worker."""
    worker = Worker(context, alone=True) if works else None
    secrets = {"telegram": [SECRET], "line": [LINE_SECRET]}
    with RunningApp(build_site(context, secrets, worker, closes=False)) as running:
        yield TelegramBot(context, telegram, clock, running.url)
