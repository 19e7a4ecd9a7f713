"""Words and readings by Sudachi: kana-only spellings and wrong conversions get the same features."""

import threading
from importlib.metadata import version

from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

from bot.domain.understanding.analyzer import Word
from bot.domain.understanding.normalise import fold, hiragana

CUT = 400
"""Analysed characters of a message; Sudachi raises over 49,149 bytes, and nobody's topic starts later."""
_EMPTY_WORDS = frozenset({"助詞", "助動詞", "補助記号", "記号", "空白", "感動詞", "接続詞"})


class SudachiReader:
    """Tokens and readings. Each thread has its own tokenizer: a shared one raises."""

    def __init__(self) -> None:
        self._dictionary = Dictionary(dict="small")
        self._per_thread = threading.local()

    @property
    def name(self) -> str:
        """Names the dictionary, since it decides the features."""
        return f"sudachi-{version('SudachiPy')}-{version('sudachidict-small')}"

    def read(self, text: str) -> tuple[str, str, str]:
        """(content words in dictionary form, reading in hiragana, the text with kana words in their usual spelling)."""
        words = list(self._tokenizer().tokenize(fold(text[:CUT]), SplitMode.C))
        tokens = " ".join(word.normalized_form() for word in words if _is_content(word))
        reading = "".join(hiragana(word.reading_form() or word.surface()) for word in words if _is_spoken(word))
        return tokens, reading, "".join(map(_usual_spelling, words))

    def words(self, text: str) -> list[Word]:
        """The words at the start of a text, not folded, so that their positions are those of the text."""
        morphemes = self._tokenizer().tokenize(text[:CUT], SplitMode.C)
        return [Word(m.begin(), m.end(), m.surface(), _tag(m)) for m in morphemes]

    def is_name(self, word: str) -> bool:
        """Whether the dictionary, which is safe to share between threads, lists it as a person's name."""
        return any("人名" in entry.part_of_speech() for entry in self._dictionary.lookup(word))

    def _tokenizer(self) -> Tokenizer:
        tokenizer: Tokenizer | None = getattr(self._per_thread, "tokenizer", None)
        if tokenizer is None:
            tokenizer = self._per_thread.tokenizer = self._dictionary.tokenizer()
        return tokenizer


def _tag(word: Morpheme) -> str:
    return "-".join(part for part in word.part_of_speech()[:4] if part != "*")


def _is_content(word: Morpheme) -> bool:
    return word.part_of_speech()[0] not in _EMPTY_WORDS


def _is_spoken(word: Morpheme) -> bool:
    return word.part_of_speech()[0] not in {"補助記号", "空白"}


def _usual_spelling(word: Morpheme) -> str:
    """雪かき for ゆきかき; particles and endings stay unchanged."""
    surface: str = word.surface()
    return (
        word.normalized_form()
        if _is_content(word) and hiragana(surface) == word.surface() and _is_kana(surface)
        else surface
    )


def _is_kana(text: str) -> bool:
    return all("ぁ" <= character <= "ゖ" or character == "ー" for character in text)
