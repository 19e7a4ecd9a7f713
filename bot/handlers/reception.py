"""What receiving needs, built once by bootstrap."""

from dataclasses import dataclass, replace

from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from bot.handlers.shelf import Shelf
from bot.storage.engine import Store
from bot.storage.sealing import Keyring


@dataclass(frozen=True)
class Limits:
    """Ordinary messages that are answered in full, per minute. Triage reads every message whatever the limits say."""

    per_resident: int = 20
    per_source: int = 120


@dataclass(frozen=True)
class Reception:
    """The database, the keys of residents' words, what the bot knows, and how sure it must be."""

    store: Store
    keys: Keyring
    shelf: Shelf
    thresholds: Thresholds
    limits: Limits = Limits()
    tells: frozenset[str] = frozenset()
    """How staff can be told outside the desk: `mail`, and the names of connected platforms."""
    url: str = ""
    """Where residents reach our own pages; empty where they cannot, and then no link is said."""

    @property
    def understander(self) -> Understander:
        """What the bot knows now."""
        return self.shelf.understander

    def settled(self) -> "Reception":
        """The same reception for one message: it ends on the revision on which it began."""
        return replace(self, shelf=Shelf(self.shelf.understander, self.shelf.revision))
