"""Folders of this installation: fitted indexes, shipped content, sets of messages."""

from dataclasses import dataclass
from pathlib import Path

from bot.content.content_files import Files, files_in


@dataclass(frozen=True)
class ProjectFolders:
    """`indexes` can all be fitted again; `cases`: sets of messages with expected answers; `content`: as shipped."""

    indexes: Path
    cases: Path
    content: Path

    @classmethod
    def below(cls, root: Path) -> "ProjectFolders":
        """Where they are in the project's folder."""
        return cls(root / "data" / "index", root / "data" / "cases", root / "intents")

    def shipped(self) -> Files:
        """The content that ships with this version."""
        return files_in(self.content)
