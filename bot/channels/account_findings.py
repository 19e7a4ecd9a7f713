"""What is found when an account at a platform is compared with what it should be."""

from dataclasses import dataclass
from enum import StrEnum


class AccountVerdict(StrEnum):
    """How a finding is read."""

    RIGHT = "ok"
    WRONG = "!!"
    TOLD = ".."
    """Nothing that could be right or wrong."""


@dataclass(frozen=True)
class AccountFinding:
    """One thing that was looked at, and what to do where it is wrong."""

    what: str
    verdict: AccountVerdict
    found: str
    to_do: str = ""

    def __str__(self) -> str:
        to_do = f"  -> {self.to_do}" if self.to_do else ""
        return f"{self.verdict}  {self.what}: {self.found}{to_do}"


def verdict(is_right: object) -> AccountVerdict:
    """Right or wrong."""
    return AccountVerdict.RIGHT if is_right else AccountVerdict.WRONG
