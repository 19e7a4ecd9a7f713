"""The seam to the language model: text in, features out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Analysis:
    """A text as features: content words in dictionary form, its reading in hiragana, its sentence vector if any."""

    tokens: str
    reading: str
    vector: Vector | None = None


@dataclass(frozen=True)
class Word:
    """One word and where it stands in its text. `tag`: its part of speech as Sudachi names it, the general first."""

    start: int
    end: int
    text: str
    tag: str


class Analyzer(Protocol):
    """Text in, features out. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Which analyzer, with the versions that change its features: a fitted index belongs to one name."""

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Features of each text."""

    def words(self, text: str) -> list[Word]:
        """The words of the text as it is written; none where the analyzer knows no parts of speech."""

    def is_name(self, word: str) -> bool:
        """Whether somebody may be called this, whatever else it means (林, 雪)."""
