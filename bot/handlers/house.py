"""Everything a server needs, built by bootstrap and handed to the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.handlers.receive import Reception
from bot.storage.engine import Store


@dataclass(frozen=True)
class House:
    """`secret` keys the hashes of addresses; `now` is the clock; `is_https`: residents come over https."""

    store: Store
    reception: Reception
    secret: bytes
    now: Callable[[], datetime]
    is_https: bool = False

    def warm_up(self) -> None:
        """Load what is loaded with the first message, so that no resident waits for it."""
        self.reception.understander.understand("はじめ")
