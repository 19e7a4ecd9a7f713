"""Counts over the content: distinct phrases, and length as LINE counts it."""

from collections.abc import Sequence

from rapidfuzz import fuzz

ALIKE = 90
"""Phrases of one entry with this token-set similarity count as one."""


def distinct(phrases: Sequence[str]) -> list[str]:
    """The phrases that count: only the first of those whose similarity is `ALIKE` or more."""
    kept: list[str] = []
    for phrase in phrases:
        if all(fuzz.token_set_ratio(phrase, other) < ALIKE for other in kept):
            kept.append(phrase)
    return kept


def units(text: str) -> int:
    """Length as LINE counts it: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
