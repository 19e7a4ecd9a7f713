"""Everything a server needs, built by bootstrap and handed to the pages and the worker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.channels.mail.mail_post import MailPost
from bot.domain.protocols import Channel
from bot.domain.wording import Wording
from bot.handlers.content.index_builder import Workshop
from bot.handlers.reception import Reception
from bot.settings import ROOT
from bot.storage.engine import Store


@dataclass(frozen=True)
class House:
    """`secret` keys the hashes of addresses; `now` is the clock; `is_https`: residents come over https.

    `channels` are the platforms that are connected, `post` the mail server; `url`: where links lead to,
    `metrics_tokens`: what opens `/metrics` from another machine.
    `pause`: how long an answer waits for the next bubble.
    """

    store: Store
    reception: Reception
    secret: bytes
    now: Callable[[], datetime]
    is_https: bool = False
    channels: Mapping[str, Channel] = field(default_factory=lambda: MappingProxyType({}))
    pause: timedelta = timedelta(seconds=2)
    post: MailPost | None = None
    url: str = "http://127.0.0.1:8000"
    metrics_tokens: tuple[str, ...] = field(default=(), repr=False)
    workshop: Workshop = field(default_factory=lambda: Workshop(ROOT))

    def wording(self) -> Wording:
        """The sentences that are in force."""
        catalog = self.reception.understander.catalog
        return Wording(catalog.wording, catalog.lines)

    def warm_up(self) -> None:
        """Load what is loaded with the first message, so that no resident waits for it."""
        self.reception.understander.understand("はじめ")
