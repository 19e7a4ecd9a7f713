"""Folders of this installation: indexes, shipped content, test messages."""

from dataclasses import dataclass
from pathlib import Path

from bot.content.content_files import Files, files_in


@dataclass(frozen=True)
class ProjectFolders:
    """`indexes`: a cache that can be rebuilt; `cases`: messages with expected answers; `content`: as shipped."""

    indexes: Path
    cases: Path
    content: Path

    @classmethod
    def below(cls, root: Path) -> "ProjectFolders":
        """The folders of the project at `root`."""
        return cls(root / "data" / "index", root / "data" / "cases", root / "intents")

    def shipped(self) -> Files:
        """The content files of this version."""
        return files_in(self.content)
