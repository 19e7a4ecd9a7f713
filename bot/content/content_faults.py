"""Faults of the content, described for the person who edits it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: its place (file below `intents/`, line from 1), what is wrong, what to do."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file} {self.line}行目: {self.what} → {self.mend}"


class ContentError(Exception):
    """The content is invalid. Holds every fault, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))
