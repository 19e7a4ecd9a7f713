"""Findings of a comparison between a platform account and its expected state."""

from dataclasses import dataclass
from enum import StrEnum


class AccountVerdict(StrEnum):
    RIGHT = "ok"
    WRONG = "!!"
    INFO = ".."
    """Information that is neither right nor wrong."""


@dataclass(frozen=True)
class AccountFinding:
    """One checked item, and what to do if it is wrong."""

    what: str
    verdict: AccountVerdict
    found: str
    to_do: str = ""

    def __str__(self) -> str:
        to_do = f"  -> {self.to_do}" if self.to_do else ""
        return f"{self.verdict}  {self.what}: {self.found}{to_do}"


def verdict(is_right: object) -> AccountVerdict:
    return AccountVerdict.RIGHT if is_right else AccountVerdict.WRONG
