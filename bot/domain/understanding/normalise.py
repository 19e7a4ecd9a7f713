"""Normalise typed text for comparison.

`clean_input` is applied once to every message, before anything else sees it. `fold` and `squeeze` are for comparison
only; their results are never shown.
"""

import re
import unicodedata

MESSAGE_LIMIT = 20_000
"""Characters stored of one message. LINE allows 5,000; longer ones are pasted text."""

_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_SEPARATORS = re.compile(r"[^\w]|_", re.UNICODE)
_MASKED = re.compile(r"自\s?[〇○◯●×✕*＊]")
_REPEATS = re.compile(r"(.)\1{2,}", re.DOTALL)
_LONG_MARK = re.compile("[ー〜~]{2,}")
_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_KANA = re.compile("[ぁ-ゖァ-ヺー]")
_JAPANESE = re.compile("[ぁ-ゖァ-ヺ一-龠々ーｦ-ﾟ]")
_LETTER = re.compile(r"[^\W\d_]")
_KANJI = re.compile("[一-龠々]")


def clean_input(text: str) -> str:
    """Replace NUL and lone surrogates (databases reject them) and cut at `MESSAGE_LIMIT`."""
    return _FORBIDDEN.sub("\ufffd", text[:MESSAGE_LIMIT])


def hiragana(text: str) -> str:
    """Replace katakana by hiragana."""
    return text.translate(_KATAKANA)


def fold(text: str) -> str:
    """NFKC, lower case, no invisible characters, runs of one character cut to two."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    return _REPEATS.sub(r"\1\1", _LONG_MARK.sub("ー", plain)).strip()


def squeeze(text: str) -> str:
    """Fold, convert to hiragana, drop spaces, marks and emoji: 「し に た い！」 to 「しにたい」, 自〇 to 自殺."""
    return hiragana(_SEPARATORS.sub("", _MASKED.sub("自殺", fold(text))))


def kana_share(text: str) -> float:
    """Share of kana among the Japanese characters, 0 to 1; 0 without any."""
    japanese = _JAPANESE.findall(text)
    return len(_KANA.findall(text)) / len(japanese) if japanese else 0.0


def is_mostly_kana(text: str) -> bool:
    """Whether the writer uses almost no kanji: a child, a learner, somebody who finds kanji hard."""
    return len(_KANA.findall(text)) >= 6 and len(_KANJI.findall(text)) <= 1 and kana_share(text) > 0.9  # noqa: PLR2004 -- measured on the open cases


def is_other_script(text: str) -> bool:
    """Whether the message is in another language: letters without kana that are mostly not kanji, or Chinese."""
    letters = _LETTER.findall(text)
    if len(letters) < 4 or _KANA.search(text):  # noqa: PLR2004 -- "DV", "SOS" are Japanese too
        return False
    japanese = len(_KANJI.findall(text))
    return japanese < len(letters) / 2 or _is_chinese(text)


_CHINESE_ONLY = re.compile("[们这吗呢没么说谁给让过还样对时电话请帮救着疼孩边进发医车门钱办该谢您她它爱饿冻迷错]")


def _is_chinese(text: str) -> bool:
    """Whether it has characters that Japanese does not use."""
    return bool(_CHINESE_ONLY.search(text))
