"""The parts of a running bot. Bootstrap builds them once; a handler names the parts it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.channels.mail.mail_sender import MailSender
from bot.domain.catalog import Catalog
from bot.domain.delivery.channel import Channel
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from bot.domain.wording import Wording
from bot.handlers.project_folders import ProjectFolders
from bot.settings import ROOT
from bot.storage.engine import Store
from bot.storage.sealing import Keyring


@dataclass(frozen=True)
class Limits:
    """Ordinary messages answered in full, per minute. Triage reads every message regardless of the limits."""

    per_resident: int = 20
    per_source: int = 120


@dataclass(frozen=True)
class _Published:
    understander: Understander
    revision: int


class PublishedContent:
    """The published revision as loaded by this process. Thread-safe: content and number change together."""

    def __init__(self, understander: Understander, revision: int = 0) -> None:
        """`revision`: 0 for content that is not from the database."""
        self._now = _Published(understander, revision)

    @property
    def understander(self) -> Understander:
        return self._now.understander

    @property
    def catalog(self) -> Catalog:
        return self._now.understander.catalog

    @property
    def revision(self) -> int:
        return self._now.revision

    def wording(self) -> Wording:
        return Wording(self.catalog.sentences, self.catalog.lines)

    def activate(self, understander: Understander, revision: int) -> None:
        """Put a revision into use. Messages in progress keep the one they started with (`AppContext.pinned`)."""
        self._now = _Published(understander, revision)

    def warm_up(self) -> None:
        """Load the models, so that the first resident does not wait for them. Once per thread."""
        self.understander.understand("はじめ")


@dataclass(frozen=True)
class AppContext:
    """Everything handlers depend on. A function that needs one or two parts takes those parts instead."""

    store: Store
    keys: Keyring
    """Encryption keys of residents' messages."""
    content: PublishedContent
    thresholds: Thresholds
    secret: bytes = field(repr=False)
    """Keys the hashes of addresses and the tokens in forms."""
    clock: Callable[[], datetime]
    """The time in UTC."""
    limits: Limits = Limits()
    channels: Mapping[str, Channel] = field(default_factory=lambda: MappingProxyType({}))
    """The connected platforms by name."""
    mail: MailSender | None = None
    staff_channels: frozenset[str] = frozenset()
    """How staff are notified outside the desk: `mail`, and the names of connected platforms."""
    public_url: str = ""
    """Address of our pages for residents; empty if they cannot reach them, and then no link is sent."""
    base_url: str = "http://127.0.0.1:8000"
    """Base of links in notices to staff."""
    is_https: bool = False
    """Residents connect over https, so cookies are Secure."""
    metrics_tokens: tuple[str, ...] = field(default=(), repr=False)
    """Bearer tokens for `/metrics` from another machine."""
    reply_pause: timedelta = timedelta(seconds=2)
    """How long to wait for a resident's next message before answering several as one."""
    folders: ProjectFolders = field(default_factory=lambda: ProjectFolders.below(ROOT))

    def pinned(self) -> "AppContext":
        """A copy for one message, which is answered from one revision even if another is loaded meanwhile."""
        return replace(self, content=PublishedContent(self.content.understander, self.content.revision))
