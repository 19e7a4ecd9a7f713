"""Words before さん that say what somebody is, not who."""

import re

_ROLES = tuple(
    """
    父 母 爺 婆 奥 旦那 兄 姉 弟 妹 お子 子供 子ども 息子 娘 嫁 婿 姑 舅 孫 甥 姪 叔父 叔母 伯父 伯母
    従兄弟 親戚 皆 客 利用者 看護師 先生 近所 隣 隣人 大家 お巡り お相撲 警察 消防 救急隊 運転手 御中
    各位 外国人 町内会 自治会 社協 市役所 役所 役場 病院 薬局 農協 生協 会社 店 班 組 係 担当 相談 窓口
    受付 当番 棟梁 大工 坊主 妊婦 主治医 町医者 医 歯医者 専門家 弁護士 司法書士 行政書士 社労士 税理士
    介護士 介護福祉士 社会福祉士 保育士 栄養士 理学療法士 作業療法士 運転士 消防士 弁護人 後見人 保証人
    支援人 病人 職人 老人 成人 保護人 主人 商人 友人 本人 新人 住人 ヘルパー ケアマネ マネージャー
    マネジャー ボランティア ワーカー スタッフ ドクター ナース オーナー リーダー サポーター
    コーディネーター カウンセラー ドライバー ママ パパ ジジ ババ バイト パート ガス バス タクシー
    ヤクルト コープ セコム おじい おばあ じい ばあ おとう おかあ とう かあ おにい おねえ にい ねえ おじ
    おば みな おく あか むすこ むすめ まご こども だんな よめ おきゃく かみ おまわり いしゃ せん となり
    おとなり おとうと いもうと やくば たく おかげ みんな おひとり ひとり おひな おせわ しょくいん
    かかり けんいん 学生 生徒 檀家 先祖 会 家族 お子さ 連れ 女優 芸人 外人 親御 ボラ シルバー ボット 法人 配達 社
    員 師 長 者 主
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
_WHOLE = frozenset("夫 妻 神 仏 王 殿 坊 貴 何 誰 他 人 赤 親 子 世話 雛".split())  # noqa: SIM905 -- a list of words is read as words
"""Roles only as a whole word: 和夫, 隼人 and 幸子 are names."""
_SHOP = re.compile(r"..屋$")
"""郵便屋, 電気屋; 土屋 and 守屋 are names."""
_LONG_LOAN = re.compile(r"[ァ-ヶー]{6,}$")
"""Names in katakana are shorter than コーディネーター."""


def is_role(called: str) -> bool:
    """Whether the word before さん is a role, a relation or an office."""
    return called in _WHOLE or called.endswith(_ROLES) or bool(_SHOP.search(called) or _LONG_LOAN.search(called))
