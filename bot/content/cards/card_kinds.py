"""The editor's view of each file: its cards, and the fields of a card in the office's own words."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Shape(StrEnum):
    """The form control of a field."""

    LINE = "line"
    TEXT = "text"
    LIST = "list"
    """Several values, one per line."""
    CHOICE = "choice"
    DAY = "day"
    HOURS = "hours"
    SHOWN = "shown"
    """The plan's own text, and values that code depends on: read-only."""


@dataclass(frozen=True)
class Field:
    """One field. `says`: the hint beside it; `is_said`: residents read it, so its length on LINE is counted."""

    name: str
    label: str
    shape: Shape = Shape.LINE
    says: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_said: bool = False


class Holds(StrEnum):
    """The structure of a file."""

    ONE = "one"
    """The file is one card."""
    RECORDS = "records"
    """A list of records, each a card."""
    KEYS = "keys"
    """A mapping, each key a card with one value."""


@dataclass(frozen=True)
class CardKind:
    """The cards of some files. `named_by`: the fields that name a record. `grows`: cards can be added or removed."""

    files: str
    title: str
    holds: Holds
    fields: tuple[Field, ...]
    named_by: tuple[str, ...] = ()
    grows: bool = False
    about: str = ""

    @property
    def value(self) -> Field:
        """The only field of a card in a file of keys."""
        return self.fields[0]


_SAID_ONCE = "はじめに「まず何をするか」を書きます。電話番号は書かないでください（「電話」で選びます）。"
_ANSWER = (
    Field("title", "題名", Shape.SHOWN),
    Field("reading", "よみ（ひらがな）"),
    Field("button", "ボタンのことば", says="20字まで", is_said=True),
    Field("lead", "答え", Shape.TEXT, _SAID_ONCE, is_said=True),
    Field("easy", "答え（やさしい日本語）", Shape.TEXT, "ひらがなの多い人への答えです。", is_said=True),
    Field("call", "電話での言い方", Shape.LIST, "一行に一つ", is_said=True),
    Field("helper_lead", "手伝いたい人への答え", Shape.TEXT, is_said=True),
    Field("helper_call", "手伝いたい人の電話での言い方", Shape.LIST, "一行に一つ", is_said=True),
    Field("contact", "まず案内する窓口", says="contact- で始まる名前"),
    Field("second_contact", "次に案内する窓口", says="なければ空に"),
    Field("lines", "ほかに案内する電話", Shape.LIST, "「電話と窓口」の名前を、一行に一つ"),
    Field("situations", "こんなとき", Shape.LIST, "一行に一つ"),
    Field("note", "ひとこと", Shape.TEXT, is_said=True),
)
_PHRASES = Field(
    "phrases", "市民の言い方", Shape.LIST, "一行に一つ。似た文より、ちがう場面を書くほうが、よく分かるようになります。"
)
_PLAN = (
    Field("goal", "計画の目標", Shape.SHOWN),
    Field("source_title", "計画での題名", Shape.SHOWN),
    Field("actions", "計画の原文", Shape.SHOWN),
)
USES = (
    ("confirmed", "市が確かめた（番号を言います）"),
    ("ship", "市の確認前（「市の確認前」と添えて言います）"),
    ("unconfirmed", "未確認（代表番号も添えて言います）"),
    ("confirm_first", "確認待ち（番号は言いません。代表番号を言います）"),
    ("do_not_ship", "言ってはいけない（まちがい・古い番号）"),
)
LINE = CardKind(
    "lines.yaml",
    "電話と窓口",
    Holds.RECORDS,
    (
        Field("id", "名前（ボットの中だけ）", Shape.SHOWN),
        Field("name", "窓口の名前", is_said=True),
        Field("phones", "電話番号", Shape.LIST, "一行に一つ。0134-32-4111 のように書きます。"),
        Field("use", "番号を言うか", Shape.CHOICE, choices=USES),
        Field("checked_by", "確かめた人", says="例：福祉総合相談室 山田", is_said=True),
        Field("checked_on", "確かめた日", says="例：2026-12-01"),
        Field("valid_until", "いつまで使えるか", Shape.DAY, "過ぎると番号を言わなくなり、代表番号を言います。"),
        Field("source", "番号の出どころ", is_said=True),
        Field("hours", "受付時間", Shape.HOURS),
        Field("hours_text", "受付時間（文で）", is_said=True),
        Field("cost", "料金"),
        Field("audience", "だれのため"),
        Field("area", "地域"),
        Field("link", "案内するページ"),
        Field("evidence", "調べた先", says="職員だけが読みます。"),
        Field("note", "メモ", Shape.TEXT, "職員だけが読みます。"),
    ),
    ("id",),
    about="番号は、ここだけに書きます。どの答えにも同じ番号が出ます。",
)
_DEFINITION = Field("definition", "計画の用語解説", Shape.SHOWN)
_YES_NO = (("yes", "はい"), ("no", "いいえ"))
_OF_A_KIND = "種類ごとに決まっています。ここでは変えられません"
_DANGER = (("emergency", "いま命や安全が危ない"), ("desk", "人が話を聴く"))

CARD_KINDS = (
    CardKind("measures/*.yaml", "施策", Holds.ONE, (*_ANSWER, *_PLAN, _PHRASES)),
    CardKind("terms/*.yaml", "用語", Holds.ONE, (*_ANSWER, _DEFINITION, _PHRASES)),
    CardKind("contacts/*.yaml", "相談先", Holds.ONE, (*_ANSWER, _PHRASES)),
    LINE,
    CardKind(
        "wording.yaml", "ボットのことば", Holds.KEYS, (Field("text", "ことば", Shape.TEXT, is_said=True),),
        about="{ } の中は、ボットが入れるところです。消さないでください。",
    ),
    CardKind(
        "not-ours.yaml", "計画の外のこと", Holds.RECORDS,
        (
            Field("id", "名前（ボットの中だけ）"), Field("title", "題名", is_said=True),
            Field("instead", "代わりの案内", Shape.TEXT, is_said=True),
            Field("line", "案内する電話", says="「電話と窓口」の名前。なければ空に"), _PHRASES,
        ),
        ("id",), grows=True,
    ),
    CardKind(
        "smalltalk.yaml", "あいさつなど", Holds.RECORDS,
        (Field("id", "名前（ボットの中だけ）"), Field("reply", "返事", Shape.TEXT, is_said=True), _PHRASES),
        ("id",), grows=True,
    ),
    CardKind(
        "synonyms.yaml", "言いかえ", Holds.RECORDS,
        (Field("from", "市民のことば"), Field("to", "ふつうのことば"), Field("note", "メモ")),
        ("from",), grows=True, about="左のことばを右に置きかえてから、意味を考えます。方言や、ひらがなに使います。",
    ),
    CardKind(
        "menu.yaml", "困りごとの一覧", Holds.RECORDS,
        (
            Field("label", "ボタンのことば", says="20字まで", is_said=True),
            Field("question", "たずね方", is_said=True),
            Field("entries", "出す項目", Shape.LIST, "一行に一つ"),
        ),
        ("label",), grows=True,
    ),
    CardKind(
        "follow-ups.yaml", "短い言い方", Holds.KEYS, (Field("words", "言い方", Shape.LIST, "一行に一つ"),),
        about="「電話番号は？」「一番上」のような、短い言い方です。",
    ),
    CardKind(
        "kinds.yaml", "危険・つらさの種類", Holds.RECORDS,
        (
            Field("id", "名前（ボットの中だけ）", Shape.SHOWN), Field("name", "職員の画面での名前", is_said=True),
            Field("lead", "返事のはじめの文", Shape.TEXT, "危険の種類では、最初の番号まで120字以内", is_said=True),
            Field("easy", "返事のはじめの文（やさしい日本語）", Shape.TEXT, is_said=True),
            Field("lines", "伝える電話", Shape.LIST, "「電話と窓口」の名前を、上から順に、一行に一つ"),
            Field("urgency", "急ぎ方", Shape.SHOWN, _OF_A_KIND, (("emergency", "緊急"), ("desk", "相談"))),
            Field("talk", "声を聴く電話か", Shape.SHOWN, _OF_A_KIND, _YES_NO),
            Field("silent", "文字の窓口も出すか", Shape.SHOWN, _OF_A_KIND, _YES_NO),
            Field("ask_later", "あとで様子を聞いてよいか", Shape.SHOWN, _OF_A_KIND, _YES_NO),
        ),
        ("id",), about="上にある種類ほど急ぎます。種類を足すときは、情報担当にご相談ください。",
    ),
    CardKind(
        "triage/words.yaml", "危険・つらさのことば", Holds.KEYS,
        (Field("words", "危険のことば", Shape.LIST, "一行に一つ。「…」は、間に入る8文字までのことばです。"),),
        about="足すことはできます。はじめから入っていることばは、減らせません。見のがすと命にかかわります。",
    ),
    CardKind(
        "triage/crisis-lines.yaml", "ことば・声・災害のときの電話", Holds.KEYS,
        (Field("lines", "電話", Shape.LIST, "上から順に"),),
    ),
    CardKind(
        "triage/examples.yaml", "危険の例", Holds.RECORDS,
        (Field("route", "行き先", Shape.SHOWN), Field("kind", "種類", Shape.SHOWN), _PHRASES), ("route", "kind"),
    ),
    CardKind(
        "checks/*.yaml", "確かめの文", Holds.RECORDS,
        (Field("text", "文"), Field("accept", "正しい項目", Shape.LIST, "空なら、この項目")), ("text",), grows=True,
        about="正しい答えが分かっている文です。ここの文を「市民の言い方」に写さないでください。",
    ),
    CardKind(
        "safety.yaml", "かならず気づくべき文", Holds.RECORDS,
        (Field("text", "文"), Field("route", "行き先", Shape.CHOICE, choices=_DANGER)), ("text",), grows=True,
    ),
    CardKind(
        "canned.yaml", "職員の文例", Holds.RECORDS,
        (Field("label", "見出し"), Field("text", "文", Shape.TEXT, is_said=True)), ("label",), grows=True,
    ),
    CardKind(
        "duty.yaml", "職員が読む時間", Holds.ONE,
        (
            Field("promise_minutes", "何分以内に読むか"),
            Field("same_case_days", "終えてから何日のうちなら、同じ相談の続きか"), Field("desk_line", "相談窓口の電話"),
            Field("switchboard", "代表の電話"), Field("hours", "開いている時間", Shape.HOURS),
        ),
    ),
    CardKind(
        "retention.yaml", "残す期間", Holds.ONE,
        (
            Field("talk_days", "相談にならなかったやりとり（日）"), Field("case_days", "終わった相談のことば（日）"),
            Field("audit_years", "だれが何をしたかの記録（年）"), Field("events_days", "届いた知らせの印（日）"),
        ),
        about="過ぎたものは、ボットが毎日ひとりでに消します。件数は残ります。",
    ),
    CardKind(
        "publishing.yaml", "公開の決まり", Holds.ONE,
        (
            Field("second_reader", "公開の前に、別の管理者が認める", Shape.CHOICE, choices=_YES_NO),
            Field("most_drop", "「最初の答えが正しい」割合が下がってよい大きさ（百分の一）"),
        ),
    ),
    CardKind(
        "plan.yaml", "計画", Holds.ONE,
        tuple(
            Field(name, label, Shape.SHOWN)
            for name, label in (
                ("title", "題名"), ("edition", "版"), ("period", "期間"), ("ends_on", "終わる日"), ("idea", "理念"),
                ("goals", "目標"), ("standing", "位置づけ"), ("publishers", "発行者"),
            )
        ),
        about="計画の原文です。新しい計画になったら「計画を入れかえる」で変えます。",
    ),
)  # fmt: skip
"""Every file but the danger rules, which are changed with the developers."""


def kind_of(file: str) -> CardKind | None:
    """The kind of a file's cards; None for a file that cannot be edited here."""
    return next((kind for kind in CARD_KINDS if fnmatchcase(file, kind.files)), None)
