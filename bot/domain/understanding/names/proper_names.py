"""Find names of people and places in a text by the analyzer's parts of speech."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.understanding.analyzer import Word
from bot.domain.understanding.names.everyday_words import EVERYDAY
from bot.domain.understanding.names.place_names import IS_FACILITY, is_wide
from bot.domain.understanding.names.role_words import is_role

NAME, PLACE = "（名前）", "（住所）"
CALLED = re.compile(r"[ 　]?(?:さん|さま|様|ちゃん|くん)(?!ぽ)|君|氏|先生|せんせい|殿")
"""Suffixes of a name. さん of 防災さんぽ is none."""

_PERSON, _REGION = "名詞-固有名詞-人名", "名詞-固有名詞-地名-一般"
_INTRODUCES = re.compile(r"と申|と(?:い|言)いま|って(?:い|言)いま|(?:と|って)いう者")
_KANA, _KATAKANA, _KANJI = re.compile(r"[ぁ-ゖー]+"), re.compile(r"[ァ-ヶー]+"), re.compile(r"[一-龠々]+")
_KIN = re.compile(
    r"(?:夫|妻|父|母|兄|姉|弟|妹|息子|娘|孫|嫁|友達|友人|彼氏|彼女|同僚|主人|旦那"
    r"|むすこ|むすめ|まご|おとうと|いもうと)の[ 　]?$"
)
_NOT_GIVEN = frozenset(
    """
    在住 自身 夫婦 夫妻 一家 両名 宅 家 方 以下 地区 方面 町内 近所 本人 様宅 親子 兄弟
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Words that follow a family name and are no given name."""


@dataclass(frozen=True)
class Hidden:
    """A stretch of a text, and its replacement."""

    start: int
    end: int
    instead: str


def names_in(text: str, words: Sequence[Word]) -> Iterator[Hidden]:
    """Names of people and of small places, and words in the position of a name."""
    for at, word in enumerate(words):
        behind = text[word.end :]
        if _PERSON in word.tag:
            if _is_person(text, words, at):
                yield Hidden(word.start, _end_of_name(words, at), NAME)
        elif word.tag == _REGION:
            yield from _region(word, behind)
        elif _is_listed(words, at):
            yield Hidden(word.start, word.end, NAME)
        elif _INTRODUCES.match(behind) and _is_noun(word):
            yield from _introduced(words, at)
        elif is_called(words, at) and _KANA.fullmatch(word.text) and _is_noun(word):
            yield from _called_in_kana(text, word)


def is_called(words: Sequence[Word], at: int) -> bool:
    """Whether さん or the like follows a word as a separate word: not たくさん, 話さん, ちゃんと."""
    behind = [word for word in words[at + 1 : at + 3] if word.text.strip()]
    return bool(behind) and CALLED.fullmatch(behind[0].text) is not None and _no_walk(behind)


def _no_walk(behind: Sequence[Word]) -> bool:
    return len(behind) == 1 or not behind[1].text.startswith("ぽ")


def _is_person(text: str, words: Sequence[Word], at: int) -> bool:
    """Whether a word that the dictionary calls a name is one here: many of these are everyday words too."""
    word, before = words[at], text[: words[at].start]
    if IS_FACILITY.match(text, _end_of_name(words, at)):
        return False
    if is_called(words, at) or _is_split(words, at):
        return True
    if _KANA.fullmatch(word.text):
        is_word = word.text in EVERYDAY and not _KIN.search(before)
        return len(word.text) > 1 and not is_word and _stands_alone(words, at)
    if _KATAKANA.fullmatch(word.text) or len(word.text) == 1:
        return word.text not in EVERYDAY and _stands_alone(words, at)
    return True


def _stands_alone(words: Sequence[Word], at: int) -> bool:
    """Whether it is not a part of a longer word: クルーズ船, 創談, じゅ＋けん, 100均."""
    before = words[at - 1] if at else None
    behind = words[at + 1] if at + 1 < len(words) else None
    opens = before is None or (_PERSON in before.tag and before.text not in EVERYDAY) or _is_edge(before)
    return opens and (behind is None or _PERSON in behind.tag or _is_edge(behind))


def _is_edge(word: Word) -> bool:
    return word.tag.startswith(("助詞", "助動詞", "補助記号", "空白", "感動詞", "代名詞", "連体詞"))


def _is_split(words: Sequence[Word], at: int) -> bool:
    """ゆうとくん is read as ゆう＋と＋くん."""
    rest = words[at + 1 : at + 2]
    return bool(rest) and bool(_KANA.fullmatch(rest[0].text)) and len(rest[0].text) == 1 and is_called(words, at + 1)


def _end_of_name(words: Sequence[Word], at: int) -> int:
    """End of a name, including a given name that the dictionary does not know as one (柴田＋大樹)."""
    if _is_split(words, at):
        return words[at + 1].end
    given = "" if "姓" not in words[at].tag else "".join(word.text for word in _kanji_behind(words, at))
    if 0 < len(given) <= 2 and given not in _NOT_GIVEN and not is_role(given):  # noqa: PLR2004 -- kanji of a given name
        return words[at].end + len(given)
    return words[at].end


def _kanji_behind(words: Sequence[Word], at: int) -> Iterator[Word]:
    for word in words[at + 1 :]:
        if not _is_noun(word) or not _KANJI.fullmatch(word.text) or CALLED.fullmatch(word.text):
            return
        yield word


def _region(word: Word, behind: str) -> Iterator[Hidden]:
    """A place; words in kana hardly ever are one (うた, つま, おたる)."""
    if CALLED.match(behind):
        yield Hidden(word.start, word.end, NAME)
    elif not (_KANA.fullmatch(word.text) or is_wide(word.text, behind) or IS_FACILITY.match(behind)):
        yield Hidden(word.start, word.end, PLACE)


def _is_listed(words: Sequence[Word], at: int) -> bool:
    """健一・恵子・大樹: a noun after a name and a dot."""
    return at > 1 and words[at - 1].text == "・" and _PERSON in words[at - 2].tag and _is_noun(words[at])


def _introduced(words: Sequence[Word], at: int) -> Iterator[Hidden]:
    """竹内っていう者, さくらっていいます: the nouns before it, if only the speaker comes before them."""
    first = at
    while first > 0 and _is_noun(words[first - 1]):
        first -= 1
    before = words[first - 1] if first else None
    if (
        before is None
        or before.text in {"は", "も"}
        or before.tag.startswith(("代名詞", "補助", "空白", "感動", "連体"))
    ):
        yield Hidden(words[first].start, words[at].end, NAME)


def _called_in_kana(text: str, word: Word) -> Iterator[Hidden]:
    """みよこさん, which is read as のみ＋よこ: from the last の, at most five characters."""
    run = re.search(r"[ぁ-ゖー]{1,5}$", text[: word.end])
    cut = run[0].rfind("の", 0, -1) if run else -1
    start = word.start if run is None or cut < 0 else min(word.start, run.start() + cut + 1)
    if not is_role(text[start : word.end]) and not text.startswith("ちゃんと", word.end):
        yield Hidden(start, word.end, NAME)


def _is_noun(word: Word) -> bool:
    return (word.tag.startswith("名詞") and "数詞" not in word.tag) or word.tag == "接尾辞-名詞的-一般"
