"""The full analyzer: Sudachi's words and readings, and sentence vectors where there is an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.understanding.analyzer import Analysis, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.language.sentence_vectors import SentenceEncoder
    from bot.language.sudachi import SudachiReader


class SudachiAnalyzer:
    def __init__(self, reader: SudachiReader, encoder: SentenceEncoder | None) -> None:
        self._reader = reader
        self._encoder = encoder

    @property
    def name(self) -> str:
        """Names both parts."""
        return f"{self._reader.name}+{self._encoder.name if self._encoder else 'no-vectors'}"

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        read = [self._reader.read(text) for text in texts]
        if self._encoder is None:
            return [Analysis(tokens, reading) for tokens, reading, _ in read]
        vectors = self._encoder.encode([usual for _, _, usual in read])
        return [Analysis(tokens, reading, vector) for (tokens, reading, _), vector in zip(read, vectors, strict=True)]

    def words(self, text: str) -> list[Word]:
        return self._reader.words(text)

    def is_name(self, word: str) -> bool:
        return self._reader.is_name(word)
