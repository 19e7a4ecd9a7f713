"""Where a piece of the content stands: file and line, for faults found after reading."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.content.content_files import Files


@dataclass(frozen=True)
class LineNumbers:
    """The text of every file below one folder, by its name."""

    files: dict[str, list[str]]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, files: Files, folders: Sequence[str]) -> "LineNumbers":
        """Split every file once; what is not UTF-8 was a fault before."""
        texts = {name: body.decode("utf-8", errors="replace").splitlines() for name, body in files.items()}
        return cls(texts, tuple(folders))

    def file_of(self, entry: str) -> str:
        """The file that an entry stands in, or should."""
        names = [f"{folder}/{entry}.yaml" for folder in self.folders]
        return next((name for name in names if name in self.files), f"{entry}.yaml")

    def line_of(self, file: str, needle: str) -> int:
        """The first line, from 1, in which it stands; 1 if none."""
        return next((number for number, line in enumerate(self.files.get(file, ()), 1) if needle in line), 1)

    def find(self, needle: str, near: str = "") -> tuple[str, int]:
        """File and line of a text anywhere; the file named `near` first."""
        first = [name for name in self.files if near and near in name]
        for file in (*first, *self.files):
            for number, line in enumerate(self.files[file], 1):
                if f'"{needle}"' in line:
                    return file, number
        return (first or ["?"])[0], 1
