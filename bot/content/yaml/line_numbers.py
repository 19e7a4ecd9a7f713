"""File and line of a piece of content, for faults found after reading."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.content.content_files import Files


@dataclass(frozen=True)
class LineNumbers:
    """The lines of every file below one folder, by file name."""

    files: dict[str, list[str]]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, files: Files, folders: Sequence[str]) -> "LineNumbers":
        """Split every file once; invalid UTF-8 is reported elsewhere."""
        texts = {name: body.decode("utf-8", errors="replace").splitlines() for name, body in files.items()}
        return cls(texts, tuple(folders))

    def file_of(self, entry: str) -> str:
        """The file of an entry, or the one it should have."""
        names = [f"{folder}/{entry}.yaml" for folder in self.folders]
        return next((name for name in names if name in self.files), f"{entry}.yaml")

    def line_of(self, file: str, needle: str) -> int:
        """The first line, from 1, that contains `needle`; 1 if none does."""
        return next((number for number, line in enumerate(self.files.get(file, ()), 1) if needle in line), 1)

    def find(self, needle: str, near: str = "") -> tuple[str, int]:
        """File and line of a quoted text in any file; files whose name contains `near` are searched first."""
        first = [name for name in self.files if near and near in name]
        for file in (*first, *self.files):
            for number, line in enumerate(self.files[file], 1):
                if f'"{needle}"' in line:
                    return file, number
        return (first or ["?"])[0], 1
