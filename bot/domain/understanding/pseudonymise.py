"""Mask names, numbers and addresses in residents' messages for the people who teach the bot."""

import re
import unicodedata
from collections.abc import Iterator

from bot.domain.understanding.analyzer import Analyzer, Word
from bot.domain.understanding.names.name_frames import framed_names
from bot.domain.understanding.names.place_names import DISTRICT, TOWN
from bot.domain.understanding.names.proper_names import CALLED, NAME, PLACE, Hidden, is_called, names_in
from bot.domain.understanding.names.role_words import is_role
from bot.domain.understanding.normalise import MESSAGE_LIMIT

NUMBER, MAIL = "（番号）", "（メール）"

LONGEST = 400
"""Characters kept of a message: enough to learn from, and fast to search whatever the text is."""
_PIECE = re.compile(rf"(?s:.{{1,{LONGEST}}})(?<=[。\n])|(?s:.{{1,{LONGEST}}})")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}|https?://\S+")
_POSTCODE = re.compile(r"〒?(?<![\d-])\d{3}-\d{4}(?![\d-])")
_PLACE = re.compile(
    r"[一-龠々ァ-ヶー]{1,6}(?:町)?[\d一二三四五六七八九十]{1,3}(?:丁目|条|番地|番|-\d)(?:[\d\-丁目番地号一二三四五六七八九十]|の(?=\d))*"
    r"|(?:[一-龠]{2,4}[都道府県])?[一-龠]{1,6}[市区郡][一-龠々ァ-ヶ]{1,6}[町村]"
    r"|(?<![一-龠々ァ-ヶー])(?!賃貸|市営|公営|道営|分譲|中古|新築|民間|木造|格安|高級)[一-龠々ァ-ヶー]{2,10}"
    r"(?:マンション|アパート|ハイツ|コーポ|荘|団地)(?:[\dA-Za-z\-]+(?:号室?|棟)?)?"
)
_NUMBER = re.compile(r"\d[\d\-() ]{3,}\d|\d{3,}")
_CALLED = re.compile(rf"([一-龠々ァ-ヶー]{{1,20}}|[ぁ-ん]{{2,5}})(?={CALLED.pattern})")
_SAYS_NAME = re.compile(
    r"(?:名前は|なまえは|氏名は|名前 ?[:：]|氏名 ?[:：])\s*"
    r"([一-龠々ァ-ヶー]{2,6}[ 　]?[一-龠々ぁ-んァ-ヶー]{0,4}?|[ぁ-ん]{2,8}?)"
    r"(?=と申し|といいま|と言いま|です|。|、|$|\s)"
)
_I_AM = re.compile(
    r"(?:私は|わたしは)\s*([一-龠々ァ-ヶー]{2,6}[ 　]?[一-龠々ぁ-んァ-ヶー]{0,4}?)"
    r"(?=と申し|といいま|と言いま|です|。|、|$|\n)"
)
"""Hides 独身 too: used only without an analyzer."""
_INTRODUCED = re.compile(r"([一-龠々ァ-ヶー]{2,8})(?=と申します|と申し上げます|といいます|と言います)")


def masked(text: str, analyzer: Analyzer) -> str:
    """The text with everything that could identify its writer replaced; full-width digits count as digits."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST]
    words = analyzer.words(plain)
    hidden = [*_hidden(plain, words), *(Hidden(*span, NAME) for span in framed_names(plain, analyzer))]
    return _without(plain, sorted(hidden, key=lambda stretch: (stretch.start, -stretch.end)))


def masked_throughout(text: str, analyzer: Analyzer) -> str:
    """The whole text, masked in pieces that end at a sentence or a line if possible."""
    plain = unicodedata.normalize("NFKC", text)[:MESSAGE_LIMIT]
    return "".join(masked(piece, analyzer) for piece in _PIECE.findall(plain))


def _without(text: str, hidden: list[Hidden]) -> str:
    """The text with stretches replaced; adjacent ones with the same replacement are merged."""
    parts: list[str] = []
    end = 0
    for stretch in hidden:
        gap = text[end : stretch.start]
        if parts and stretch.end <= end:
            continue
        if parts and parts[-1] == stretch.instead and not gap.strip():
            end = stretch.end
            continue
        parts += [gap, stretch.instead]
        end = stretch.end
    return "".join([*parts, text[end:]])


def _hidden(text: str, words: list[Word]) -> Iterator[Hidden]:
    for pattern, instead in ((_MAIL, MAIL), (_POSTCODE, NUMBER), (_PLACE, PLACE), (_NUMBER, NUMBER)):
        yield from (Hidden(*match.span(), instead) for match in pattern.finditer(text))
    for pattern in (DISTRICT, TOWN):
        yield from (Hidden(*match.span(), PLACE) for match in pattern.finditer(text))
    for pattern in (_SAYS_NAME, _INTRODUCED) if words else (_SAYS_NAME, _INTRODUCED, _I_AM):
        yield from (Hidden(*match.span(1), NAME) for match in pattern.finditer(text))
    named = list(names_in(text, words))
    yield from named
    yield from _called(text, words, named)


def _called(text: str, words: list[Word], named: list[Hidden]) -> Iterator[Hidden]:
    """Words called さん that are no role. Kana is left to the analyzer if there is one: くちゃん of よくちゃんと."""
    ends = {word.end for at, word in enumerate(words) if is_called(words, at)}
    for match in _CALLED.finditer(text):
        start, end = match.span(1)
        if words and (end not in ends or "ぁ" <= match[1][0] <= "ん" or any(name.end == end for name in named)):
            continue
        if not is_role(match[1]) and not text.startswith("ちゃんと", end):
            yield Hidden(start, end, NAME)
