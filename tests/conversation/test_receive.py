"""What is promised to somebody who writes: kept, once, in order of danger, whatever else happens. On both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from sqlalchemy import text

from bot.domain.messages import Inbound, Route
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext, Limits, PublishedContent
from bot.handlers.cases.open_cases import list_open_cases
from bot.handlers.conversation.receive_message import receive
from bot.language.lexical import LexicalAnalyzer
from bot.storage.conversation.message_rows import read_exchanges
from bot.storage.conversation.resident_rows import find_resident
from tests.conftest import Resident
from tests.support.manual_clock import TUESDAY_NIGHT, TUESDAY_NOON

MakeResident = Callable[..., Resident]


def test_an_sos_is_a_case_with_the_number_that_was_shown(make_resident: MakeResident) -> None:
    sato = make_resident()
    reply = sato.says("もう死にたい")
    (listed,) = list_open_cases(sato.context.store, sato.context.keys)
    assert reply.route is Route.EMERGENCY
    assert f"{listed.case.number[:3]}-{listed.case.number[3:]}" in reply.text
    assert listed.words == ("もう死にたい",)


def test_the_same_event_again_changes_nothing(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("死にたい", event="once")
    sato.says("死にたい", event="once")
    assert len(sato.talk()) == 1
    assert len(list_open_cases(sato.context.store, sato.context.keys)) == 1


def test_pieces_are_read_as_one(make_resident: MakeResident) -> None:
    sato = make_resident()
    assert sato.says("もう").route is not Route.EMERGENCY
    assert sato.says("死").route is not Route.EMERGENCY
    assert sato.says("にたい").route is Route.EMERGENCY


def test_pieces_of_yesterday_are_not(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("死")
    assert sato.says("にたい", after=timedelta(minutes=11)).route is not Route.EMERGENCY


def test_an_alarm_is_not_repeated_by_the_next_word(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("死にたい")
    assert sato.says("ありがとう").route is Route.SMALLTALK


def test_one_resident_has_one_open_case_and_it_is_raised(make_resident: MakeResident) -> None:
    sato = make_resident()
    first = sato.says("人と話したい")
    second = sato.says("死にたい")
    (listed,) = list_open_cases(sato.context.store, sato.context.keys)
    assert (first.route, second.route) == (Route.DESK, Route.EMERGENCY)
    assert listed.case.urgency is Route.EMERGENCY
    assert listed.words == ("人と話したい", "死にたい")


def test_a_case_can_be_taken_back_and_opened_again(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("人と話したい")
    (first,) = list_open_cases(sato.context.store, sato.context.keys)
    assert first.case.number[:3] in sato.says("取り消す").text
    assert list_open_cases(sato.context.store, sato.context.keys) == []
    assert "ありませんでした" in sato.says("相談を取り消す").text
    sato.says("人と話したい")
    (second,) = list_open_cases(sato.context.store, sato.context.keys)
    assert second.case.number != first.case.number


def test_over_the_limit_ordinary_messages_wait_and_an_sos_does_not(
    context: AppContext, make_resident: MakeResident
) -> None:
    sato = make_resident()
    sato.context = replace(context, limits=Limits(per_resident=3))
    replies = [sato.says("雪かきができない") for _ in range(5)]
    assert [reply.route for reply in replies] == [Route.ANSWER] * 3 + [Route.UNKNOWN] * 2
    assert sato.says("死にたい").route is Route.EMERGENCY
    assert sato.says("雪かきができない", after=timedelta(minutes=2)).route is Route.ANSWER


def test_a_broken_model_still_gives_a_case_and_a_menu(context: AppContext, make_resident: MakeResident) -> None:
    class Broken(LexicalAnalyzer):
        name = "broken"

        def analyse(self, texts: Any) -> NoReturn:
            raise RuntimeError(len(texts))

    understander = Understander(context.content.catalog, context.content.understander.index, Broken())
    sato = make_resident()
    sato.context = replace(context, content=PublishedContent(understander))
    assert sato.says("死にたい").route is Route.EMERGENCY
    assert len(list_open_cases(sato.context.store, sato.context.keys)) == 1
    menu = sato.says("雪かきができない")
    assert menu.route is Route.UNKNOWN
    assert len(menu.choices) >= 8
    assert sato.says("1").route is Route.CLARIFY


def test_a_flood_from_one_address_is_one_group(context: AppContext) -> None:
    for number in range(6):
        receive(
            context,
            [Inbound("web", f"flood-{number}", f"e{number}", "死にたい", TUESDAY_NOON, source="one house")],
            TUESDAY_NOON,
        )
    other = Inbound("web", "other", "e", "火事です", TUESDAY_NIGHT, source="another house")
    receive(context, [other], TUESDAY_NIGHT)
    listed = list_open_cases(context.store, context.keys)
    assert sorted(row.alike for row in listed) == [0, 5]


def test_words_stand_nowhere_in_plain(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("となりのひみつのゆきかき ZQXJ")
    with sato.context.store.reading() as connection:
        for table in ("residents", "inbound", "outbound", "cases", "case_events"):
            for row in connection.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 -- names of our own
                for value in row:
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    assert b"ZQXJ" not in raw
                    assert "ひみつ".encode() not in raw


def test_a_reply_is_read_back_as_it_was_said(make_resident: MakeResident) -> None:
    sato = make_resident()
    sato.says("雪かきができない")
    (exchange,) = sato.talk()
    (reply,) = exchange.replies
    assert reply.entries[0].id == "measure-13"
    assert reply.calls[0].dial.isdigit()
    assert exchange.words == "雪かきができない"


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud800", "🙂" * 50, "<b>太字</b>", "\u202eabc", "　", "あ" * 30_000]
)
def test_nothing_that_can_be_typed_breaks_it(make_resident: MakeResident, text: str) -> None:
    assert make_resident().says(text).text


def test_two_residents_do_not_see_each_other(make_resident: MakeResident) -> None:
    sato, ito = make_resident("sato"), make_resident("ito")
    sato.says("雪かきができない")
    ito.says("空き家をどうするか")
    with sato.context.store.reading() as connection:
        resident = find_resident(connection, "web", "ito")
        assert resident
        talk = read_exchanges(connection, sato.context.keys, resident, TUESDAY_NOON - timedelta(days=1), 50)
    assert [exchange.words for exchange in talk] == ["空き家をどうするか"]
