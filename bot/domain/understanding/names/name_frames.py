"""Positions in a sentence where a word is a name, whatever else it means: 隣の林が, 林です, 夫の勝は."""

import re
from collections.abc import Iterator

from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.names.everyday_words import EVERYDAY
from bot.domain.understanding.names.role_words import is_role

_PARTICLE = re.compile(r"[がはもにをとの、。,.）)!！？?\s…]|です|だ|から|って|さえ|まで|$")
_OF_SOMEBODY = re.compile(
    r"(?:夫|妻|父|母|兄|姉|弟|妹|息子|長男|次男|三男|娘|長女|次女|三女|孫|嫁|婿|甥|姪|祖父|祖母|叔父|叔母|いとこ"
    r"|友達|友人|親友|彼氏|彼女|同僚|上司|部下|先輩|後輩|主人|旦那|仲間|知人|隣|となり|向かい|うち|大家"
    r"|担当|担任|班長|会長|店長|社長|課長|係長|職員"
    r"|むすこ|むすめ|まご|おとうと|いもうと|ともだち)の[ 　]?"
)
_SPEAKER = re.compile(r"(?:^|[。、\n(（「 　]|私は|わたしは|ぼくは|僕は|俺は|おれは|あたしは)[ 　]?")
_INTRODUCES = re.compile(r"です|だけど|だよ|だが|だ。|と申|といい|と言い|っていい|って言い")
_KANA = re.compile(r"[ぁ-ゖー]+")
_LONGEST = 4


def framed_names(text: str, analyzer: Analyzer) -> Iterator[tuple[int, int]]:
    """Spans (start, end) of names, recognised by the words around them."""
    for frame, behind in ((_OF_SOMEBODY, _PARTICLE), (_SPEAKER, _INTRODUCES)):
        for match in frame.finditer(text):
            end = _end_of_name(text, match.end(), behind, analyzer)
            if end:
                yield match.end(), end


def _end_of_name(text: str, start: int, behind: re.Pattern[str], analyzer: Analyzer) -> int:
    """End of the longest name that starts here and is followed by the right words; 0 if there is none."""
    for end in range(min(start + 2 * _LONGEST, len(text)), start, -1):
        if behind.match(text, end) and _is_name(text[start:end], analyzer):
            return end
    return 0


def _is_name(called: str, analyzer: Analyzer) -> bool:
    """Whether it is a name, or a family name with a given name."""
    if called in EVERYDAY or is_role(called):
        return False
    if _KANA.fullmatch(called):
        return 1 < len(called) <= _LONGEST and analyzer.is_name(called)
    whole = len(called) <= _LONGEST and analyzer.is_name(called)
    cuts = range(2, len(called) - 1)
    return whole or any(analyzer.is_name(called[:cut]) and analyzer.is_name(called[cut:]) for cut in cuts)
