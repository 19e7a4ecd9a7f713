"""A whole bot on LINE in one process: door, worker, sender, with LINE's server at the other end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.channels.line.line_channel import LineChannel
from bot.channels.line.line_sender import LineSender
from bot.channels.line.line_tokens import AccessTokens
from bot.domain.cases.case import Case
from bot.domain.protocols import Channel
from bot.handlers.app_context import AppContext
from bot.handlers.cases.open_cases import ListedCase, list_open_cases
from bot.handlers.worker import Worker
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import count_deliveries
from bot.storage.inbox.inbox_rows import count_dead_letters, oldest_waiting
from bot.web.site import build_site
from tests.support.line.line_residents import SECRET, body_of, post, text_event, user
from tests.support.line.line_server import CHANNEL_ID, LONG_LIVED, LineServer, Taken
from tests.support.running import Running

PAUSE = timedelta(seconds=0.3)


@dataclass
class Clock:
    """The context's clock: the real one, and what a test adds to it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Watched:
    """A bot whose database a test looks into."""

    context: AppContext

    def cases(self) -> list[ListedCase]:
        """The open cases."""
        return list_open_cases(self.context.store, self.context.keys)

    def all_cases(self) -> list[Case]:
        """Every case."""
        with self.context.store.reading() as connection:
            return list_cases(connection, open_only=False)

    def deliveries(self) -> dict[str, int]:
        """How many messages stand in each state."""
        with self.context.store.reading() as connection:
            return {state: count for state, count in count_deliveries(connection).items() if count}

    def waiting(self) -> bool:
        """Whether an event was not handled yet."""
        with self.context.store.reading() as connection:
            return oldest_waiting(connection) is not None

    def aside(self) -> int:
        """Events that were set aside."""
        with self.context.store.reading() as connection:
            return count_dead_letters(connection)


@dataclass
class LineBot(Watched):
    """What a test holds in its hand."""

    context: AppContext
    line: LineServer
    clock: Clock
    url: str = ""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rsplit(":", 1)[1])

    def gets(self, *events: Any) -> int:
        """LINE posts these events in one body; the status of the answer."""
        return post(self.url, body_of(*events))

    def hears(self, text: str, name: str = "sato", **more: Any) -> dict[str, Any]:
        """A resident writes; the event as it was posted."""
        who = user(name)
        event = text_event(text, who, self.line.token_for(who), **more)
        assert self.gets(event) == 200
        return event

    def answer(self, text: str, name: str = "sato") -> Taken:
        """A resident writes; what LINE took for it."""
        before = len(self.line.taken)
        self.hears(text, name)
        return self.line.wait_for(before + 1)[before]


def line_context(context: AppContext, line: LineServer, clock: Clock, *, renewing: bool = False) -> AppContext:
    """A context with LINE connected to that server."""
    long_lived = SecretStr("" if renewing else LONG_LIVED)
    tokens = AccessTokens(line.url, CHANNEL_ID, SecretStr(SECRET), long_lived)
    channels = {"line": LineChannel(LineSender(line.url, tokens))}
    return replace(context, clock=clock, channels=channels, reply_pause=PAUSE)


def nobody_there() -> dict[str, Channel]:
    """LINE connected, with nobody at the other end: for tests that read and write and never send."""
    tokens = AccessTokens("http://127.0.0.1:9", CHANNEL_ID, SecretStr(SECRET), SecretStr(LONG_LIVED))
    return {"line": LineChannel(LineSender("http://127.0.0.1:9", tokens))}


@contextmanager
def running_bot(context: AppContext, line: LineServer, clock: Clock, *, works: bool = True) -> Iterator[LineBot]:
    """The bot while the block runs. Its database stays open."""
    worker = Worker(context, alone=True) if works else None
    with Running(build_site(context, {"line": [SECRET]}, worker, closes=False)) as running:
        yield LineBot(context, line, clock, running.url)


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Until it holds; fails when it does not."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
