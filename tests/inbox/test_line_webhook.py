"""LINE's door: only what LINE signed, and every event in it, whatever is new or broken."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.line.line_webhook import is_signed, read_body
from bot.domain.messages import Event, EventKind
from tests.support.line.line_residents import SECRET, body_of, event, group, message_event, signature, text_event, user

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SATO, ITO = user("sato"), user("ito")


def read(*events: Any) -> list[Event]:
    return read_body(body_of(*events), NOW)


def one(shape: Any) -> Event:
    (found,) = read(shape)
    return found


def test_lines_own_example_is_signed() -> None:
    secret, body = (
        "8c570fa6dd201bb328f1c1eac23a96d8",
        b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}',
    )
    assert is_signed(body, "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=", [secret])
    assert not is_signed(body + b" ", "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=", [secret])


@pytest.mark.parametrize("given_signature", [None, "", "x", "é", "\udcff", "GhRKmvm", "=" * 44])
def test_a_wrong_signature_is_no_signature(given_signature: str | None) -> None:
    assert not is_signed(b"{}", given_signature, [SECRET])


def test_an_old_secret_is_good_while_it_is_listed() -> None:
    body = body_of()
    assert is_signed(body, signature(body, "old"), ["new", "old"])
    assert not is_signed(body, signature(body, "old"), ["new"])


def test_no_events_are_no_events() -> None:
    assert read() == []


def test_a_text_is_read_whole() -> None:
    found = one(text_event("雪かきができない", SATO, "token-1"))
    assert (found.kind, found.text, found.person, found.ticket) == (EventKind.TEXT, "雪かきができない", SATO, "token-1")
    assert found.key.startswith("01")
    assert SATO not in found.lane


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "asleep"},
        {"mode": None},
        {"deliveryContext": None},
        {"timestamp": 1.5},
        {"timestamp": "soon"},
        {"timestamp": 10**30},
        {"webhookEventId": 7},
        {"webhookEventId": None},
        {"type": "messageOfTomorrow"},
        {"type": None},
        {"type": "messageEdited"},
        {"newThing": {"deep": [1, {"userId": "x"}]}},
        {"source": {"type": "planet", "userId": SATO}},
    ],
)
def test_new_values_lose_nothing(change: dict[str, Any]) -> None:
    """The SDK's parser makes an unknown event of these, without text, person and token, or raises for the batch."""
    found = one(text_event("死にたい", SATO, "token-1") | change)
    assert (found.kind, found.text, found.person, found.ticket) == (EventKind.TEXT, "死にたい", SATO, "token-1")
    assert found.happened_at.tzinfo


@pytest.mark.parametrize(
    "message",
    [
        {"id": "1", "type": "text", "text": "死にたい"},  # no quoteToken
        {"id": 1, "type": "text", "text": "死にたい", "quoteToken": "q"},
        {"id": "1", "type": "hologram", "text": "死にたい"},
        {"text": "死にたい"},
        {"id": "1", "type": "text", "text": "死にたい", "mention": {"mentionees": [{"type": "moon", "userId": ITO}]}},
        {"id": "1", "type": "sticker", "stickerResourceType": "SMELL", "text": "死にたい"},
        {"id": "1", "type": "text", "inner": {"text": "死にたい"}},
    ],
)
def test_a_text_is_found_in_any_message(message: dict[str, Any]) -> None:
    found = one(event("message", SATO, "t", message=message))
    assert (found.kind, found.text, found.person) == (EventKind.TEXT, "死にたい", SATO)


def test_a_cry_under_an_unknown_name_is_among_the_strays() -> None:
    found = one(event("message", SATO, "t", message={"id": "1", "type": "text", "tezt": "死にたい"}))
    assert found.kind is EventKind.OTHER
    assert "死にたい" in found.strays


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (
            message_event("sticker", SATO, "t", packageId="1", stickerId="2", keywords=["ありがとう", 3]),
            EventKind.STICKER,
        ),
        (message_event("image", SATO, "t", contentProvider={"type": "line"}), EventKind.IMAGE),
        (message_event("video", SATO, "t"), EventKind.VIDEO),
        (message_event("audio", SATO, "t"), EventKind.VOICE),
        (message_event("file", SATO, "t", fileName="a.pdf", fileSize=1), EventKind.FILE),
        (message_event("location", SATO, "t", title="家", latitude=43.1, longitude=141.0), EventKind.LOCATION),
        (event("follow", SATO, "t", follow={"isUnblocked": False}), EventKind.FOLLOW),
        (event("follow", SATO, "t"), EventKind.FOLLOW),
        (event("unfollow", SATO), EventKind.UNFOLLOW),
        (event("unsend", SATO, unsend={"messageId": "77"}), EventKind.UNSEND),
        (event("postback", SATO, "t", postback={"data": "entry:measure-13"}), EventKind.PRESS),
        (event("join", group("g"), "t"), EventKind.JOIN),
        (text_event("こんにちは", group("g"), "t"), EventKind.JOIN),
        (event("leave", group("g")), EventKind.LEAVE),
        (event("accountLink", SATO), EventKind.OTHER),
        (text_event("Hello, world", user("x"), "0" * 32), EventKind.OTHER),
    ],
)
def test_everything_has_its_kind(shape: dict[str, Any], kind: EventKind) -> None:
    assert one(shape).kind is kind


def test_what_is_needed_of_each_kind() -> None:
    assert one(message_event("sticker", SATO, keywords=["ありがとう", 3])).text == "ありがとう"
    assert one(event("unsend", SATO, unsend={"messageId": "77"})).message == "77"
    assert one(event("postback", SATO, postback={"data": "menu:3"})).text == "menu:3"
    assert one(event("follow", SATO, follow={"isUnblocked": True})).again
    assert one(text_event("あ", SATO, mode="standby")).silent
    assert one(text_event("ひみつ", group("g"))).text == "", "nothing that is said in a stranger's group is kept"
    assert "43.1" in one(message_event("location", SATO, latitude=43.1, longitude=141.0)).text


def test_a_redelivery_has_the_same_key() -> None:
    first = text_event("あ", SATO, "t")
    again = first | {"deliveryContext": {"isRedelivery": True}}
    assert one(first).key == one(again).key
    without = {name: value for name, value in first.items() if name != "webhookEventId"}
    assert one(without).key == one(without | {"deliveryContext": {"isRedelivery": True}}).key


def test_lanes_are_people_and_groups() -> None:
    assert one(text_event("あ", SATO)).lane == one(text_event("い", SATO)).lane
    assert one(text_event("あ", SATO)).lane != one(text_event("あ", ITO)).lane
    assert one(event("join", group("g"))).lane == one(event("memberLeft", group("g"))).lane


@pytest.mark.parametrize("neighbour", [None, 7, "x", [], {}, {"type": 3}, {"source": []}, {"message": "x"}])
def test_bad_neighbours_lose_nobody(neighbour: Any) -> None:
    found = read(neighbour, text_event("死にたい", SATO, "t"), neighbour)
    assert [each.text for each in found if each.kind is EventKind.TEXT] == ["死にたい"]
    assert len(found) == 3


def test_a_broken_body_gives_its_whole_events() -> None:
    good, other = text_event("死にたい", SATO, "t1"), text_event("雪かき", ITO, "t2")
    body = body_of(good, text_event("火事です", user("abe"), "t3"), other).replace(
        b'"type": "text", "quote', b'"type: "text", "quote', 2
    )
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(body)
    found = read_body(body, NOW)
    heard = {each.text for each in found} | {stray for each in found for stray in each.strays}
    assert {"死にたい", "火事です", "雪かき"} <= heard
    assert {each.person for each in found if each.text == "雪かき"} == {ITO}


@pytest.mark.parametrize("body", [b"", b"null", b"7", b'"x"', b"[]", b"{}", b"\xff\xfe", b"{" * 5000, b'[{"a":' * 3000])
def test_anything_signed_is_read(body: bytes) -> None:
    assert all(isinstance(each, Event) for each in read_body(body, NOW))


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read(body: bytes) -> None:
    for each in read_body(body, NOW):
        each.raw.encode()
        each.key.encode("ascii")
        assert 0 < len(each.key) <= 64
        assert 0 < len(each.lane) <= 32
