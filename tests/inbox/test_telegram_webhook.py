"""Telegram's door and reader: only who knows the secret, and every update in words, whatever is new or broken."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.telegram_events import lane_of, read_update
from bot.channels.telegram.telegram_webhook import immediate_answer, is_authentic, read_body
from bot.domain.messages import Event, EventKind
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.telegram.telegram_residents import group, membership, message, person, press, text, update

NOW = TUESDAY_NOON
SATO = str(person("sato"))
STAFF = group("staff")


def one(shape: Any) -> Event:
    (found,) = read_body(json.dumps(shape, ensure_ascii=False).encode(), NOW)
    return found


@pytest.mark.parametrize("given_secret", [None, "", "a", "A-secret", "é", "\udcff", "a-secret "])
def test_only_the_secret_opens(given_secret: str | None) -> None:
    assert not is_authentic(given_secret, ["a-secret"])


def test_an_old_secret_is_good_while_it_is_listed() -> None:
    assert is_authentic("old", ["new", "old"])
    assert not is_authentic("old", ["new"])
    assert not is_authentic("old", [])


def test_words_are_read_whole() -> None:
    found = one(text("雪かきができない"))
    assert (found.kind, found.text, found.person, found.lane) == (
        EventKind.TEXT,
        "雪かきができない",
        SATO,
        lane_of(SATO),
    )
    assert SATO not in found.lane
    assert found.key.isdigit()


@pytest.mark.parametrize(
    "change",
    [
        {"date": "soon"},
        {"date": 10**30},
        {"date": None},
        {"entities": "?"},
        {"from": None},
        {"message_id": "x"},
        {"new_thing": {"deep": [1, {"chat": {"id": 3}}]}},
        {"chat": {"id": person("sato")}},
        {"reply_to_message": 7},
    ],
)
def test_new_values_lose_nothing(change: dict[str, Any]) -> None:
    shape = text("死にたい")
    found = one(shape | {"message": shape["message"] | change})
    assert (found.kind, found.text, found.person) == (EventKind.TEXT, "死にたい", SATO)


def test_an_update_under_a_new_name_is_read() -> None:
    shape = text("死にたい")
    found = one({"update_id": 1, "message_of_tomorrow": shape["message"]})
    assert (found.kind, found.text, found.person) == (EventKind.TEXT, "死にたい", SATO)


def test_the_words_of_others_are_not_the_writers() -> None:
    shape = message("sato", quote={"text": "死にたい"}, forward_origin={"name": "死にたい"}, poll={"question": "q"})
    assert all("死にたい" not in each for each in one(shape).strays)


def test_seconds_are_seconds() -> None:
    shape = text("x")
    stamp = int((NOW - timedelta(hours=3)).timestamp())
    found = one(shape | {"message": shape["message"] | {"date": stamp}})
    assert found.happened_at == datetime.fromtimestamp(stamp, UTC)


def test_of_what_is_said_in_a_group_only_a_code_is_read() -> None:
    assert one(text("ひみつ", "sato", STAFF)).text == ""
    assert one(text("/pair@otaru_bot 12345678", "sato", STAFF)).text == "/pair@otaru_bot 12345678"
    assert one(text("@otaru_bot 職員 12345678", "sato", STAFF)).text == "職員 12345678"
    assert read_body(json.dumps(message("sato", STAFF, photo=[{}])).encode(), NOW) == []
    assert read_body(json.dumps(message("sato", STAFF, new_chat_title="x")).encode(), NOW) == []
    assert one(press("menu", "sato") | {"update_id": 5}).text == "menu"
    assert read_body(json.dumps(press("menu", "sato", STAFF)).encode(), NOW) == []


def test_a_caption_is_two_events_with_two_keys_that_stay_the_same() -> None:
    body = json.dumps(message("sato", photo=[{}], caption="死にたい")).encode()
    words, picture = read_body(body, NOW)
    assert (words.kind, words.text, picture.kind) == (EventKind.TEXT, "死にたい", EventKind.IMAGE)
    assert words.key != picture.key
    assert [each.key for each in read_body(body, NOW)] == [words.key, picture.key]
    assert read_update(words.raw, NOW) == words, "what is kept is read again as the same"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (membership("member", "kicked"), EventKind.UNFOLLOW),
        (membership("kicked", "member"), EventKind.FOLLOW),
        (membership("left", "member", STAFF), EventKind.JOIN),
        (membership("member", "left", STAFF), EventKind.LEAVE),
        (membership("member", "restricted", STAFF, can_send_messages=False), EventKind.LEAVE),
        (message("sato", STAFF, migrate_to_chat_id=-1005), EventKind.MOVE),
        (message("sato", pinned_message={"text": "死にたい"}), EventKind.OTHER),
    ],
)
def test_news_of_the_bot_itself(shape: Any, kind: EventKind) -> None:
    found = one(shape)
    assert (found.kind, found.strays) == (kind, ())


def test_a_true_press_of_the_claim_button_is_answered_later() -> None:
    claim = press("claim:" + "a" * 32, "sato", STAFF)
    body = json.dumps(claim).encode()
    assert immediate_answer(body, read_body(body, NOW)) is None
    assert one(claim).ticket == claim["callback_query"]["id"]
    assert one(claim).author == lane_of(SATO)


def test_nothing_is_typed_to_who_has_blocked_the_bot_or_in_groups() -> None:
    for shape in (membership("member", "kicked"), text("x", "sato", STAFF), update("poll", id="1"), {}):
        body = json.dumps(shape).encode()
        assert immediate_answer(body, read_body(body, NOW)) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["update_id", "message", "callback_query", "my_chat_member", "chat", "from", "id", "text", "caption", "photo",
         "data", "type", "date", "reply_to_message", "message_id", "location", "sticker", "x"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_whatever_comes_is_read_and_kept_the_same(value: Any) -> None:
    body = json.dumps(value).encode()
    events = read_body(body, NOW)
    for each in events:
        assert 0 < len(each.key) <= 64
        assert len(each.lane) == 32
        assert read_update(each.raw, NOW).key == each.key
    immediate_answer(body, events)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_a_changed_body_is_kept_with_its_strings(noise: bytes, place: int) -> None:
    body = json.dumps(text("もう死にたい"), ensure_ascii=False).encode()
    changed = body[:place] + noise + body[place:]
    events = read_body(changed, NOW)
    assert events
    immediate_answer(changed, events)
