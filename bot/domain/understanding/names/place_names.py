"""Which places reveal where somebody lives: those smaller than a city, unless part of a facility's name."""

import re

DISTRICTS = tuple(
    """
    赤岩 朝里 有幌 稲穂 色内 入船 奥沢 忍路 オタモイ 勝納 桂岡 港町 塩谷 潮見台 祝津 新光 銭函 住ノ江
    高島 張碓 築港 手宮 天神 富岡 豊川 長橋 信香 春香 船浜 望洋台 星野 真栄 松ヶ枝 見晴 桃内 蘭島 若竹
    梅ヶ枝
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Quarters of Otaru that hardly mean anything else; 花園, 桜, 緑, 幸 are also words and need 町 or a number."""

_WIDE = frozenset(
    """
    北海道 道内 道央 道南 道東 道北 後志 石狩 胆振 空知 上川 日高 十勝 釧路 根室 宗谷 小樽 札幌 函館
    旭川 室蘭 帯広 北見 夕張 岩見沢 網走 留萌 苫小牧 稚内 美唄 芦別 江別 赤平 紋別 士別 名寄 登別 恵庭
    北広島 富良野 余市 古平 積丹 岩内 倶知安 ニセコ 喜茂別 留寿都 真狩 蘭越 黒松内 寿都 島牧 神恵内
    赤井川 東京 大阪 京都 名古屋 横浜 神戸 仙台 福岡 埼玉 神奈川 青森 岩手 新潟 静岡 愛知 広島 沖縄
    東北 関東 関西 九州 四国 本州 台湾 香港 北京 上海 満州 樺太
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Thousands live there: they identify nobody, and a question often depends on them. Those that are as often surnames
(千葉, 石川, 仁木, 京極) are left out."""

_FACILITY = (
    r"(?:駅|バス停|病院|医院|クリニック|診療所|薬局|学校|小学校|中学校|小学|中学|高校|大学|幼稚園|保育|公園|会館|"
    r"センター|図書館|体育館|博物館|美術館|文学館|記念館|水族館|神社|寺|教会|温泉|運河|港|漁港|海岸|海水浴場|"
    r"市場|支所|出張所|郵便局|銀行|信金|交番|警察|消防|児童館|プール|スキー場|商店街|サロン|線|川|山|峠|岬|湖|滝|岳|大橋|トンネル|大火|祭|"
    r"地域包括|包括|町内会|連合町会|クラブ|ホーム)"
)
"""Facilities named after a place or a person: they are on every map, and the question is about them."""

IS_FACILITY = re.compile(_FACILITY)
_WIDER = re.compile(r"[都道府県市]")
_TOWNS = frozenset(
    """
    余市 古平 積丹 岩内 倶知安 ニセコ 仁木 共和 京極 喜茂別 蘭越 黒松内 寿都 当別 長沼 栗山 隣 下 港
    田舎 城下 各 同 当 両 全 漁師 温泉 門前 宿場 観光 商店 市区 市 区
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Before 町: municipalities, or words that are no name."""

DISTRICT = re.compile(
    rf"(?<![一-龠々])(?:{'|'.join(DISTRICTS)})町?(?:方面|地区)?(?!さん|さま|様|くん|君|氏|ちゃん|先生|{_FACILITY})"
)
TOWN = re.compile(
    rf"(?<![一-龠々])(?!(?:{'|'.join(sorted(_TOWNS))})町)[一-龠々]{{1,4}}町(?!内|会|民|中|並|村|長|費|立|営|の会|{_FACILITY})"
)
"""緑町, 若竹町: in Otaru 町 marks a quarter."""


def is_wide(place: str, behind: str) -> bool:
    """Whether a place is too large to identify anybody, or lies abroad. `behind`: the text that follows it."""
    return place in _WIDE or _WIDER.match(behind) is not None or all("ァ" <= character <= "ー" for character in place)
