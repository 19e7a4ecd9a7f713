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
    """Ordinary messages that are answered in full, per minute. Triage reads every message whatever the limits say."""

    per_resident: int = 20
    per_source: int = 120


@dataclass(frozen=True)
class _Published:
    understander: Understander
    revision: int


class PublishedContent:
    """The revision in force, as this process has it. Thread-safe: both values change in one step."""

    def __init__(self, understander: Understander, revision: int = 0) -> None:
        """`revision`: 0 for content that is in no database."""
        self._now = _Published(understander, revision)

    @property
    def understander(self) -> Understander:
        """The content, ready to understand messages."""
        return self._now.understander

    @property
    def catalog(self) -> Catalog:
        """The content as data."""
        return self._now.understander.catalog

    @property
    def revision(self) -> int:
        """The number of the revision."""
        return self._now.revision

    def wording(self) -> Wording:
        """The sentences in force."""
        return Wording(self.catalog.sentences, self.catalog.lines)

    def put(self, understander: Understander, revision: int) -> None:
        """Replace the revision. Messages in flight keep the one they began with (`AppContext.pinned`)."""
        self._now = _Published(understander, revision)

    def warm_up(self) -> None:
        """Load what the first message would load, so that no resident waits for it. Once per thread."""
        self.understander.understand("はじめ")


@dataclass(frozen=True)
class AppContext:
    """Everything that handlers work with. A function that needs one or two parts takes these parts instead."""

    store: Store
    keys: Keyring
    """The keys of residents' words."""
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
    """How staff are reached outside the desk: `mail`, and the names of connected platforms."""
    public_url: str = ""
    """Where residents reach our pages; empty where they cannot, and then no link is said."""
    base_url: str = "http://127.0.0.1:8000"
    """Where links in notices to staff lead."""
    is_https: bool = False
    """Residents come over https: cookies are Secure."""
    metrics_tokens: tuple[str, ...] = field(default=(), repr=False)
    """What opens `/metrics` from another machine."""
    reply_pause: timedelta = timedelta(seconds=2)
    """How long an answer waits for the next bubble."""
    folders: ProjectFolders = field(default_factory=lambda: ProjectFolders.below(ROOT))

    def pinned(self) -> "AppContext":
        """The same context for one message: it ends on the revision on which it began."""
        return replace(self, content=PublishedContent(self.content.understander, self.content.revision))
