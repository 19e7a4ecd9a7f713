"""Interface of the language model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Analysis:
    """Features of a text. `tokens`: content words in dictionary form; `reading`: in hiragana."""

    tokens: str
    reading: str
    vector: Vector | None = None


@dataclass(frozen=True)
class Word:
    """A word and its position in the text. `tag`: Sudachi's part of speech, most general level first."""

    start: int
    end: int
    text: str
    tag: str


class Analyzer(Protocol):
    """Thread-safe."""

    @property
    def name(self) -> str:
        """Name with the versions that affect features; a fitted index is valid for one name only."""

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Features of each text, in order."""

    def words(self, text: str) -> list[Word]:
        """Words in their written form; empty if the analyzer has no part-of-speech tagger."""

    def is_name(self, word: str) -> bool:
        """Whether the word may be a person's name, even if it has other meanings (林, 雪)."""
