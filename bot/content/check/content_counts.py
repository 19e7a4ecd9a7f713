"""What is counted in the content: phrases that differ, and length as LINE sees it."""

from collections.abc import Sequence

from rapidfuzz import fuzz

ALIKE = 90
"""Phrases of one entry with this token-set likeness count once."""


def distinct(phrases: Sequence[str]) -> list[str]:
    """The phrases that count: of those whose token-set likeness is 90 or more, one."""
    kept: list[str] = []
    for phrase in phrases:
        if all(fuzz.token_set_ratio(phrase, other) < ALIKE for other in kept):
            kept.append(phrase)
    return kept


def units(text: str) -> int:
    """Length as LINE counts it: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
