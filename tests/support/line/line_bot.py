"""A complete bot on LINE in this process (webhook, worker, sender), connected to the fake LINE server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.channels.line.line_channel import LineChannel
from bot.channels.line.line_sender import LineSender
from bot.channels.line.line_tokens import AccessTokens
from bot.domain.cases.case import Case
from bot.domain.delivery.channel import Channel
from bot.handlers.app_context import AppContext
from bot.handlers.cases.open_cases import ListedCase, list_open_cases
from bot.handlers.worker import Worker
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import count_deliveries
from bot.storage.inbox.inbox_rows import count_dead_letters, oldest_waiting
from bot.web.site import build_site
from tests.support.line.line_residents import SECRET, body_of, post, text_event, user
from tests.support.line.line_server import CHANNEL_ID, LONG_LIVED, LineServer, Taken
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.running_app import RunningApp

PAUSE = timedelta(seconds=0.3)


@dataclass
class ShiftedClock:
    """A fixed start, plus the time that has passed since, plus `ahead`. Use as `AppContext.clock`."""

    start: datetime = TUESDAY_NOON
    ahead: timedelta = field(default_factory=timedelta)
    _made: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self._made) + self.ahead


class InspectedBot:
    """Reads a bot's database for tests."""

    context: AppContext

    def cases(self) -> list[ListedCase]:
        return list_open_cases(self.context.store, self.context.keys)

    def all_cases(self) -> list[Case]:
        with self.context.store.reading() as connection:
            return list_cases(connection, open_only=False)

    def deliveries(self) -> dict[str, int]:
        """Number of outbound messages by state, without zeros."""
        with self.context.store.reading() as connection:
            return {state: count for state, count in count_deliveries(connection).items() if count}

    def waiting(self) -> bool:
        """Whether an event is waiting to be handled."""
        with self.context.store.reading() as connection:
            return oldest_waiting(connection) is not None

    def aside(self) -> int:
        """Number of dead letters."""
        with self.context.store.reading() as connection:
            return count_dead_letters(connection)


@dataclass
class LineBot(InspectedBot):
    """A running bot and its LINE server."""

    context: AppContext
    line: LineServer
    clock: ShiftedClock
    url: str = ""

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def gets(self, *events: Any) -> int:
        """LINE posts these events in one request; returns the status."""
        return post(self.url, body_of(*events))

    def hears(self, text: str, name: str = "sato", **more: Any) -> dict[str, Any]:
        """A resident writes; returns the event as posted."""
        who = user(name)
        event = text_event(text, who, self.line.token_for(who), **more)
        assert self.gets(event) == 200
        return event

    def answer(self, text: str, name: str = "sato") -> Taken:
        """A resident writes; returns the next message that LINE accepts."""
        before = len(self.line.taken)
        self.hears(text, name)
        return self.line.wait_for(before + 1)[before]


def line_context(context: AppContext, line: LineServer, clock: ShiftedClock, *, renewing: bool = False) -> AppContext:
    """The context connected to this LINE server. `renewing`: use short-lived access tokens."""
    long_lived = SecretStr("" if renewing else LONG_LIVED)
    tokens = AccessTokens(line.url, CHANNEL_ID, SecretStr(SECRET), long_lived)
    channels = {"line": LineChannel(LineSender(line.url, tokens))}
    return replace(context, clock=clock, channels=channels, reply_pause=PAUSE)


def unreachable_line() -> dict[str, Channel]:
    """LINE at an address where nothing listens: for tests that never send."""
    tokens = AccessTokens("http://127.0.0.1:9", CHANNEL_ID, SecretStr(SECRET), SecretStr(LONG_LIVED))
    return {"line": LineChannel(LineSender("http://127.0.0.1:9", tokens))}


@contextmanager
def running_line_bot(
    context: AppContext, line: LineServer, clock: ShiftedClock, *, works: bool = True
) -> Iterator[LineBot]:
    """Run the bot during the block. The database stays open. `works`: with a worker."""
    worker = Worker(context, alone=True) if works else None
    with RunningApp(build_site(context, {"line": [SECRET]}, worker, closes=False)) as running:
        yield LineBot(context, line, clock, running.url)


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Poll until `holds` is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
