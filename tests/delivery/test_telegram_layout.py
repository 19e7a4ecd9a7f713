"""How replies look on Telegram: within its limits, nothing cut through, every button's meaning whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.telegram_layout import DATA_BYTES, TEXT_UNITS, messages_of
from bot.channels.text_limits import utf16_length
from bot.domain.catalog import Actor
from bot.domain.messages import Call, Choice, Reply, Route, ShownEntry
from bot.domain.understanding.understander import Understander
from bot.domain.wording import Wording
from tests.support.telegram.telegram_rules import faults_of

FAMILY = "👨\u200d👩\u200d👧"


@pytest.fixture(scope="module")
def wording(understander: Understander) -> Wording:
    return Wording(understander.catalog.wording, understander.catalog.lines)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from(f"あ𠮷{FAMILY}🇯🇵<b>&*_[]\n"), max_size=9000),
    st.text(st.sampled_from("死ねない𠮷<\n"), min_size=1, max_size=5000),
    st.booleans(),
)
def test_everything_stays_within_telegrams_limits(wording: Wording, body: str, lead: str, as_text: bool) -> None:  # noqa: FBT001
    reply = Reply(Route.ANSWER, lead=("x" + lead,), body=(body,), choices=(Choice("人と話す", "person"),))
    messages = messages_of(reply, wording, as_text=as_text)
    for each in messages:
        assert faults_of("sendMessage", {"chat_id": 1, **each}) == []
        each["text"].encode()


def test_a_long_text_is_cut_between_graphemes_and_nothing_is_lost(wording: Wording) -> None:
    messages = messages_of(Reply(Route.ANSWER, lead=(FAMILY * 1500,)), wording)
    assert "".join(each["text"] for each in messages) == FAMILY * 1500
    assert all(utf16_length(each["text"]) <= TEXT_UNITS for each in messages)
    assert all(each["text"].endswith(FAMILY) for each in messages)
    assert messages[0]["entities"][0]["length"] == utf16_length(messages[0]["text"])


def test_marks_in_words_stay_marks(wording: Wording) -> None:
    (message,) = messages_of(Reply(Route.DESK, lead=("<b>*_[x](y)&amp;",), by_staff=True), wording)
    assert message["text"].startswith("<b>*_[x](y)&amp;")
    assert "parse_mode" not in message


def test_the_buttons_of_every_entry_fit(understander: Understander, wording: Wording) -> None:
    for entry in understander.catalog.entries:
        does = [f"entry:{entry.id}", "more", "side", *(f"actor:{entry.id}:{actor}" for actor in Actor)]
        shown = (ShownEntry(entry.id, entry.title, 1.0),)
        reply = Reply(Route.ANSWER, lead=("x",), choices=tuple(Choice("x", each) for each in does), entries=shown)
        buttons = [row[0] for row in messages_of(reply, wording)[-1]["reply_markup"]["inline_keyboard"]]
        data = [each["callback_data"] for each in buttons]
        assert {f"more@{entry.id}", f"side@{entry.id}", *does} - {"more", "side"} <= set(data)
        assert all(len(each.encode()) <= DATA_BYTES for each in data)


def test_a_number_stands_alone_so_that_it_can_be_pressed(wording: Wording) -> None:
    call = Call("消防", "119", "119", "24時間")
    (message,) = messages_of(Reply(Route.EMERGENCY, lead=("すぐ 119 へ。",), calls=(call,)), wording)
    assert "▶ 消防（24時間）\n119" in message["text"]
    assert "reply_markup" not in message, "in danger nothing stands beside the call"
