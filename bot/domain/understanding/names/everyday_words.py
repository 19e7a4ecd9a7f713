"""Everyday words that are names too (雪, 街, 工事, 漢字)."""

EVERYDAY = frozenset(
    """
    あい あかり あき あさひ あし あゆみ あんな いずみ うみ おり かい かえで かおり かじ かわ かんじ
    きく きん くみ けい けいじ けん けんき けんしん けんこう げん げんき こう こうき こうじ こころ さい
    さき さくら しず しずか しゅうじ しょう しん すま すみ すみれ せい せいじ そう そら ただ ただし
    ちえ つき つばさ とし なか なつ なみ のぞみ のり はじめ はな はる ひかり ひろば ふぶき ふゆ ほし
    まさか まこと まち まど まもる みち みどり みな みのり めい めぐみ もも もり おし みっか やく やま
    ゆう ゆうき ゆか ゆき よう ようじ りょう れい わかば 金 酒 雪 心 音 畑 健康 大家 こと ため 前 上 下
    中 先 横 道 町 里 海 山 川 空 花 庭 声 光 夢 命 愛 幸 力 車 米 水 星 月 朝 夜 春 夏 秋 冬 希望 真実
    未来 自由 平和 正直 元気 安心 大切 一人 ひとり 本 所 方 事 者 身 家 店 土 石 木 草 竹 鳥 虎 牛 馬
    菊 梅 桜 平 並 杉 松 柿 桃 香 味 足 手 目 口 歯 年 歳 今 次 例 件 私 会 仲 徳 得 損 罪 墓 骨 寺 宮
    城 塔 橋 駅 港 島 浜 角 奥 沢 池 湖 岸 顔 日記 工事 デイ スーパー ストーリー 朝日 波 風 嵐 霧 虹 神
    天 空気 世界 家庭 時 数 正月 土産 人生 大和 先生 安全 東西 礼 シュー ドンキ ディズニー マリオ
    シルバー ゴム
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Names only before さん; those in kana also after a relation (somebody's child, husband, friend).

Questions depend on these words, above all in kana. Collected from the content's phrases and the cases in `data/`.
"""
