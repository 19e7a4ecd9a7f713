"""What was not understood is kept masked, grouped and counted; and becomes what an admin makes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.content.cards.cards import CardRef
from bot.domain.catalog import Retention
from bot.domain.messages import Route
from bot.domain.understanding.normalise import squeeze
from bot.domain.understanding.pseudonymise import masked
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.preview_lesson import preview_lesson
from bot.handlers.content.teach_from_unmatched import (
    Lesson,
    LessonError,
    LessonTarget,
    UnmatchedCluster,
    cluster_unmatched,
    read_clusters,
    teach,
)
from bot.handlers.operations.purge import purge_kept
from bot.storage.conversation.message_rows import erase_words
from tests.conftest import Resident
from tests.support.faulty_bot import BREAKS, FaultyAnalyzer
from tests.support.staff.studio_office import SNOW, Office, make_office

ODD = "ちょぺりぐらの件"


@pytest.fixture
def office(context: AppContext) -> Office:
    return make_office(context)


def heaps(office: Office) -> list[UnmatchedCluster]:
    return read_clusters(office.context)[0]


def words(office: Office) -> list[list[str]]:
    return [[message.words for message in heap.messages] for heap in heaps(office)]


MASKED = [
    ("電話は0134-32-4111です", "電話は（番号）です"),
    ("０９０－１２３４－５６７８に電話して", "（番号）に電話して"),
    ("花園2丁目12番1号に住んでます", "（住所）に住んでます"),
    ("北海道小樽市花園町の者です", "（住所）の者です"),
    ("taro@example.jp まで", "（メール） まで"),
    ("山田太郎と申します。雪で困っています", "（名前）と申します。雪で困っています"),
    ("佐藤さんが毎日怒鳴る", "（名前）さんが毎日怒鳴る"),
    ("お母さんとおばあちゃんが心配", "お母さんとおばあちゃんが心配"),
    ("山田太郎です", "（名前）です"),
    ("夫の健太が帰らない", "夫の（名前）が帰らない"),
    ("隣の佐藤が怖い", "隣の（名前）が怖い"),
    ("花園3丁目の田中", "（住所）の（名前）"),
    ("桜町に住む高橋", "（住所）に住む（名前）"),
    ("佐々木のおばあちゃん", "（名前）のおばあちゃん"),
    ("生活支援コーディネーターさんに会いたい", "生活支援コーディネーターさんに会いたい"),
    ("民生委員さんに会いたい", "民生委員さんに会いたい"),
    ("3か月家賃が払えない", "3か月家賃が払えない"),
]


@pytest.mark.parametrize(("text", "kept"), MASKED, ids=[text for text, _ in MASKED])
def test_names_numbers_and_addresses_are_masked(text: str, kept: str, understander: Understander) -> None:
    assert masked(text, understander.analyzer) == kept


def test_what_is_not_understood_is_kept_masked_and_sealed(
    office: Office, make_resident: Callable[..., Resident]
) -> None:
    reply = make_resident("sato").says(f"{ODD} 佐藤さん 0134-32-4111")
    assert reply.route in {Route.UNKNOWN, Route.CLARIFY}
    ((kept,),) = words(office)
    assert "0134" not in kept
    assert "佐藤" not in kept
    assert ODD in kept


@pytest.mark.parametrize("name", ["健太", "佐藤", "林"])
def test_the_learning_page_shows_no_name(office: Office, make_resident: Callable[..., Resident], name: str) -> None:
    sato = make_resident("sato")
    sato.says(f"隣の{name}が{ODD}")
    sato.says("ちがう")
    assert words(office)
    assert all(name not in each and ODD in each for group in words(office) for each in group)


def test_where_the_analyzer_fails_nothing_is_kept_and_the_message_is_answered(
    office: Office, make_resident: Callable[..., Resident]
) -> None:
    shelf = office.context.content
    broken = replace(shelf.understander, analyzer=FaultyAnalyzer(shelf.understander.analyzer))
    shelf.activate(broken, shelf.revision)
    assert make_resident("sato").says(f"夫の健太が{BREAKS}").route is Route.UNKNOWN
    assert words(office) == []


def test_likenesses_are_one_group_and_the_most_frequent_comes_first(
    office: Office, make_resident: Callable[..., Resident]
) -> None:
    for name in ("a", "b", "c"):
        make_resident(name).says(f"{ODD}{'です' if name == 'c' else ''}")
    make_resident("d").says("ぬるぽがっの使い道")
    assert [heap.group.count for heap in heaps(office)][:1] == [3]
    assert cluster_unmatched(office.context) == 0


def test_what_is_understood_or_dangerous_is_not_kept(office: Office, make_resident: Callable[..., Resident]) -> None:
    sato = make_resident("sato")
    for text in ("雪かきができない", "困りごとの一覧", "ありがとう", "死にたい", ODD):
        sato.says(text)
    assert all(squeeze(each) != squeeze("死にたい") for group in words(office) for each in group)
    assert words(office) == [], "in a case nothing is learned"


def test_a_resident_says_that_an_answer_was_wrong_or_good(
    office: Office, make_resident: Callable[..., Resident]
) -> None:
    sato, kato = make_resident("sato"), make_resident("kato")
    sato.says("雪かきができない")
    wrong = sato.says("ちがう")
    assert wrong.route is Route.CLARIFY
    assert any(choice.does == "person" for choice in wrong.choices)
    kato.says("雪かきができない")
    assert kato.says("👍 役に立った").route is Route.SMALLTALK
    found, verdicts = read_clusters(office.context)
    assert verdicts == {"measure-13": {"good": 1, "wrong": 1}}
    assert [[message.words for message in heap.messages] for heap in found] == [["雪かきができない"]]
    assert found[0].messages[0].entry == "measure-13"


def test_raw_words_go_and_counts_stay(office: Office, make_resident: Callable[..., Resident]) -> None:
    make_resident("sato", office.context.clock() - timedelta(days=Retention().talk_days + 1)).says(ODD)
    assert words(office) == [[ODD]]
    purge_kept(office.context.store, Retention(), office.context.clock())
    (heap,) = heaps(office)
    assert (heap.group.count, heap.messages) == (1, ())


def test_a_message_that_is_taken_back_is_not_learned_from(
    office: Office, make_resident: Callable[..., Resident]
) -> None:
    make_resident("sato").says(ODD)
    assert words(office) == [[ODD]]
    keys = office.context.keys
    office.context.store.transaction(lambda connection: erase_words(connection, keys, "web", ""))
    assert words(office) == [[]]


def test_a_message_becomes_a_phrase_after_a_look(office: Office, make_resident: Callable[..., Resident]) -> None:
    make_resident("sato").says(ODD)
    (heap,) = heaps(office)
    lesson = LessonTarget(Lesson.PHRASE, ODD, "measure-13")
    before = office.card()
    preview = preview_lesson(office.context, heap.group.id, lesson)
    (effect,) = preview.messages
    assert effect.after == (Route.ANSWER, "雪との共生")
    assert effect.before != effect.after
    assert office.card() == before, "a look changes nothing"
    assert teach(office.context, office.ito, heap.group.id, lesson) == SNOW
    assert ODD in str(office.card()["phrases"])
    assert heaps(office) == []


def test_every_kind_of_lesson(office: Office, make_resident: Callable[..., Resident]) -> None:
    make_resident("sato").says(ODD)
    group = heaps(office)[0].group.id
    assert teach(office.context, office.ito, group, LessonTarget(Lesson.CHECK, ODD, "measure-13"))
    assert office.card(CardRef("checks/measure-13.yaml", ODD))["accept"] == ["measure-13"]
    assert teach(office.context, office.ito, group, LessonTarget(Lesson.SYNONYM, "ちょぺりぐら", "除雪"))
    assert office.card(CardRef("synonyms.yaml", "ちょぺりぐら"))["to"] == "除雪"
    assert teach(office.context, office.ito, group, LessonTarget(Lesson.NOT_OURS, ODD, "gomi-sodai"))
    assert ODD in str(office.card(CardRef("not-ours.yaml", "gomi-sodai"))["phrases"])
    assert teach(office.context, office.ito, group, LessonTarget(Lesson.LEAVE, ODD, "")) is None
    with pytest.raises(LessonError):
        teach(office.context, office.ito, group, LessonTarget(Lesson.PHRASE, ODD, ""))
