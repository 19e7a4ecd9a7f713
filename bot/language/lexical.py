"""The lexical fallback of the full analyzer, for an installation without its packages."""

import re
from collections.abc import Sequence

from bot.domain.understanding.analyzer import Analysis, Word
from bot.domain.understanding.normalise import fold, hiragana

_CUT = 400
_RUNS = re.compile(r"[一-龠々]+|[ァ-ヺー]+|[ぁ-ゖー]+|[a-z0-9]+")


class LexicalAnalyzer:
    """Runs of one kind of character serve as words, the text itself as its reading."""

    name = "lexical-1"

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        return [_lexical(fold(text[:_CUT])) for text in texts]

    def words(self, text: str) -> list[Word]:  # noqa: ARG002 -- the protocol's
        """Always empty: the text alone shows no parts of speech."""
        return []

    def is_name(self, word: str) -> bool:  # noqa: ARG002 -- the protocol's
        """Always false: there is no dictionary."""
        return False


def _lexical(text: str) -> Analysis:
    runs = _RUNS.findall(text)
    return Analysis(" ".join(runs), hiragana("".join(runs)))
