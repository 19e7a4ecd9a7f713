"""Words of a resident for people who teach the bot: without names, numbers and addresses."""

import re
import unicodedata

NUMBER, PLACE, NAME, MAIL = "（番号）", "（住所）", "（名前）", "（メール）"

LONGEST = 400
"""Characters that are kept of a message: enough to learn from, and quickly searched whatever they are."""
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}|https?://\S+")
_POSTCODE = re.compile(r"〒?(?<![\d-])\d{3}-\d{4}(?![\d-])")
_PLACE = re.compile(
    r"[一-龠々ァ-ヶー]{1,6}(?:町)?[\d一二三四五六七八九十]{1,3}(?:丁目|条|番地|番|-\d)[\d\-の丁目番地号一二三四五六七八九十]*"
    r"|(?:[一-龠]{2,4}[都道府県])?[一-龠]{1,6}[市区郡][一-龠々ァ-ヶ]{1,6}[町村]"
    r"|[一-龠々ァ-ヶー]{2,10}(?:マンション|アパート|ハイツ|コーポ|荘|団地)(?:[\dA-Za-z\-]+(?:号室?|棟)?)?"
)
_NUMBER = re.compile(r"\d[\d\-() ]{3,}\d|\d{3,}")
_CALLED = re.compile(r"([一-龠々ァ-ヶー]{1,8}|[ぁ-ん]{2,5})(さん|さま|様|くん|君|ちゃん|氏)")
_SAYS_NAME = re.compile(
    r"((?:名前は|氏名は|名前 ?[:：]|氏名 ?[:：]|私は|わたしは)\s*)"
    r"([一-龠々ァ-ヶー]{2,6}[ 　]?[一-龠々ぁ-んァ-ヶー]{0,4}?)"
    r"(?=と申し|といいま|と言いま|です|。|、|$|\n)"
)
_INTRODUCED = re.compile(r"[一-龠々ァ-ヶー]{2,8}(?=と申します|と申し上げます|といいます|と言います)")
_NOT_NAMES = frozenset(
    """
    お父 父 お母 母 お爺 爺 お婆 婆 奥 旦那 お兄 兄 お姉 姉 弟 妹 お子 子供 子ども 息子 娘 赤
    皆 患者 利用者 お客 客 業者 職員 看護師 介護士 医者 お医者 先生 近所 隣 大家 親戚 孫 お孫
    妊婦 障害者 障がい者 高齢者 町内会長 会長 民生委員 ヘルパー ケアマネ ケアマネージャー ボランティア
    ワーカー 担当者 社長 店員 運転手 配達員 警察 消防 救急隊 お巡り お相撲 おじい おばあ じい ばあ
    おとう おかあ とう かあ おにい おねえ にい ねえ おじ おば みな おく あか むすこ むすめ まご
    こども
    """.split()  # noqa: SIM905 -- a list of words is read as words
)


def masked(text: str) -> str:
    """The text with what could tell who wrote it replaced; full-width digits count as digits."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST]
    for pattern, instead in ((_MAIL, MAIL), (_POSTCODE, NUMBER), (_PLACE, PLACE), (_NUMBER, NUMBER)):
        plain = pattern.sub(instead, plain)
    plain = _SAYS_NAME.sub(rf"\1{NAME}", plain)
    plain = _INTRODUCED.sub(NAME, plain)
    return _CALLED.sub(_called, plain)


def _called(match: re.Match[str]) -> str:
    name, called = match.groups()
    known = next((each for each in _NOT_NAMES if name.endswith(each)), "")
    return match.group() if known else f"{NAME}{called}"
