"""Replace synonyms by the words that the content uses."""

import re
from collections.abc import Sequence

from bot.domain.understanding.normalise import fold


def with_synonyms(synonyms: Sequence[tuple[str, str]], text: str) -> str:
    """The folded text with synonyms replaced, in one pass, longest first. `synonyms`: (said, usual)."""
    folded = fold(text)
    if not synonyms:
        return folded
    usual = dict(synonyms)
    return _alternation(tuple(usual)).sub(lambda match: usual[match.group()], folded)


_compiled: dict[tuple[str, ...], re.Pattern[str]] = {}


def _alternation(words: tuple[str, ...]) -> re.Pattern[str]:
    if words not in _compiled:
        _compiled[words] = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    return _compiled[words]
