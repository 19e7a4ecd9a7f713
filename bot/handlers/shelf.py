"""The revision in force, as this process has it. A new one takes its place between two messages."""

from dataclasses import dataclass

from bot.domain.understanding.understander import Understander


@dataclass(frozen=True)
class _OnShelf:
    understander: Understander
    revision: int


class Shelf:
    """Holds what the bot knows now. Safe to use from several threads: both values change in one step."""

    def __init__(self, understander: Understander, revision: int = 0) -> None:
        """`revision`: 0 for content that is in no database."""
        self._now = _OnShelf(understander, revision)

    @property
    def understander(self) -> Understander:
        """What the bot knows."""
        return self._now.understander

    @property
    def revision(self) -> int:
        """The number of the revision."""
        return self._now.revision

    def put(self, understander: Understander, revision: int) -> None:
        """A new revision is in force. Messages in flight keep the one they began with."""
        self._now = _OnShelf(understander, revision)
