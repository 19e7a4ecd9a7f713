"""Triage hears through spaces, kana, masks and noise, works without a model, and lets idioms pass."""

import time

import pytest

from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, worst
from bot.domain.understanding.triage import Rule, Triage, WordGroup
from bot.domain.understanding.understander import Understander


@pytest.fixture(scope="module")
def triage(understander: Understander) -> Triage:
    return understander.catalog.triage


@pytest.mark.parametrize(
    "text",
    [
        *("死にたい", "し に た い", "シニタイ", "死  に  た  い", "死・に・た・い", "ｼﾆﾀｲ", "タヒにたい"),
        *("氏にたい", "4にたい", "自〇したい", "shinitai", "SHINITAI"),
    ],
)
def test_the_wish_to_die_in_many_writings(triage: Triage, text: str) -> None:
    found = worst(triage.read(text), triage.kinds)
    assert found
    assert (found.kind, found.route) == ("suicide", Route.EMERGENCY)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("台所から火が出て燃えてる", "fire"),
        ("母が倒れて呼びかけても返事がない", "illness"),
        ("岸壁から海に落ちた人がいる", "sea"),
        ("屋根から落ちた雪に父が埋まって見えない", "accident"),
        ("包丁を持った男が玄関の前にいる", "crime"),
        ("隣の家で子どもが叩かれて泣き叫んでる", "child-neighbour"),
        ("もう限界、母を殺してしまいそう", "harm"),
        ("認知症の父が夜中に出て行って戻りません", "missing"),
        ("三日なにも食べてなくて動けない", "starving"),
    ],
)
def test_every_kind_of_danger(triage: Triage, text: str, kind: str) -> None:
    signals = triage.read(text)
    assert kind in {signal.kind for signal in signals if signal.route is Route.EMERGENCY}


@pytest.mark.parametrize(
    ("danger", "calm"),
    [
        ("父が屋根から落ちて動けない", "屋根から落ちて動けない人のための制度を知りたい"),
        ("友だちが運河に落ちて見えなくなった", "運河に帽子が落ちて流された"),
        ("隣で子どもが泣いてる、叩く音が今もしてる", "隣の子が泣いてる。見守りの活動に参加したい"),
    ],
)
def test_a_calm_question_with_the_same_words_is_no_alarm(triage: Triage, danger: str, calm: str) -> None:
    assert any(signal.route is Route.EMERGENCY for signal in triage.read(danger))
    assert not any(signal.route is Route.EMERGENCY for signal in triage.read(calm))


@pytest.mark.parametrize(
    "text",
    [
        "町内会の集まりで人が倒れて意識がない",
        "夫が倒れて息をしていません。どうすればいいか教えてください",
        "デイサービスセンターで利用者が餅をのどに詰まらせた",
        "お祭りで子どもとはぐれて暗くなっても見つかりません",
        "災害の案内を見ていたら川に人が流された",
    ],
)
def test_a_place_or_a_question_calms_no_danger(triage: Triage, text: str) -> None:
    assert any(signal.route is Route.EMERGENCY for signal in triage.read(text))


def test_every_kind_has_a_rule(triage: Triage) -> None:
    assert {rule.kind for rule in triage.rules} == {kind.id for kind in triage.kinds}


@pytest.mark.parametrize(
    "text",
    [
        *("死ぬほどおいしいラーメン", "推しが尊すぎて死ぬ", "スマホの電池が死んだ", "必死に雪かきした", "笑い死ぬ"),
        *("限界集落の話", "燃えるごみの日", "こんにちは", "", "🙂", "雪かきができない"),
    ],
)
def test_idioms_and_everyday_words_pass(triage: Triage, text: str) -> None:
    assert triage.read(text) == ()


def test_a_real_cry_beside_an_idiom_is_heard(triage: Triage) -> None:
    assert worst(triage.read("ラーメンが死ぬほど好きだったけど、もう死にたい"), triage.kinds)


@pytest.mark.parametrize("text", ["助けて", "たすけて！", "SOS", "sos!!", "助けてください"])
def test_help_alone_is_for_a_person(triage: Triage, text: str) -> None:
    found = worst(triage.read(text), triage.kinds)
    assert found
    assert found.route is Route.DESK


def test_a_cry_at_the_end_of_20000_characters_in_under_a_second(triage: Triage) -> None:
    text = "きょうは天気がよくて、母と海を見に行って、雪も子どもも元気で、薬局にも寄りました。" * 500 + "死にたい"
    started = time.perf_counter()
    assert worst(triage.read(text), triage.kinds)
    assert time.perf_counter() - started < 1


def test_groups_must_stand_together() -> None:
    near, far = (WordGroup.of(name, (name,)) for name in ("犬", "猫"))
    triage = Triage(
        (Rule(KindId("fire"), Route.EMERGENCY, (near, far), window=10),), WordGroup.of("", ()), WordGroup.of("", ())
    )
    assert triage.read("犬と猫")
    assert triage.read("猫あいうえお犬")
    assert not triage.read("犬いろはにほへとちりぬるをわかよたれそ猫")


def test_exceptions_stand_near() -> None:
    dog, once = WordGroup.of("dog", ("犬",)), WordGroup.of("once", ("昔",))
    rule = Rule(KindId("fire"), Route.EMERGENCY, (dog,), unless=(once,), window=10)
    triage = Triage((rule,), WordGroup.of("", ()), WordGroup.of("", ()))
    assert not triage.read("昔の犬")
    assert not triage.read("昔" + "いろはにほ" * 11 + "犬")
    assert triage.read("昔" + "いろはにほ" * 12 + "犬")


def test_the_dots_stand_for_eight_characters() -> None:
    group = WordGroup.of("pills", ("薬…飲んだ",))
    assert group.japanese.search("薬をぜんぶ飲んだ")
    assert not group.japanese.search("薬をいろはにほへとちり飲んだ")


def test_the_most_urgent_signal_leads(triage: Triage) -> None:
    found = worst(triage.read("つらくて死にたい。人と話したい"), triage.kinds)
    assert found
    assert found.kind == "suicide"
