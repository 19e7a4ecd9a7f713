"""Every reply as LINE shows it: within its limits and schemas, with nothing missing, and nothing told in a notice."""

import json
from pathlib import Path

import pytest
from linebot.v3.messaging import Message
from playwright.sync_api import sync_playwright

from bot.channels.line.line_layout import CARD_BYTES, messages_of
from bot.channels.line.rich_menu import HEIGHT, WIDTH, areas, rich_menu
from bot.channels.text_limits import cut_graphemes, graphemes, split_utf16, utf16_length
from bot.domain.messages import Call, Choice, Reply, Route
from bot.domain.understanding.understander import Understander
from bot.domain.wording import Wording
from tests.conftest import ROOT
from tests.conversation.test_said_numbers import replies
from tests.support.flex_page import flex_page
from tests.support.line.line_rules import faults_of_menu, faults_of_messages
from tests.support.line.line_schemas import faults_of

FAMILY = "👨‍👩‍👧‍👦"
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def wording(understander: Understander) -> Wording:
    return Wording(understander.catalog.wording, understander.catalog.lines)


@pytest.fixture(scope="module")
def said(understander: Understander) -> list[Reply]:
    """One of each reply, however often it is said in a week."""
    return list({reply.text: reply for reply in replies(understander.catalog)}.values())


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for each in inner for text in strings(each)]


def test_every_reply_keeps_lines_rules(said: list[Reply], wording: Wording) -> None:
    assert len(said) > 500
    for reply in said:
        for as_text in (False, True):
            messages = messages_of(reply, wording, as_text=as_text)
            assert faults_of_messages({"messages": messages}) == []


def test_every_reply_keeps_lines_schemas(said: list[Reply], wording: Wording) -> None:
    for reply in said[:: max(1, len(said) // 300)]:
        messages = messages_of(reply, wording)
        assert faults_of("ReplyMessageRequest", {"replyToken": "t", "messages": messages}) == []
        assert faults_of("PushMessageRequest", {"to": "U1", "messages": messages}) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "hologram"},
        {"type": "flex", "altText": "a"},
        {"type": "flex", "altText": "a", "contents": {"type": "bubble", "body": {"type": "box", "contents": []}}},
        {"type": "flex", "altText": "a", "contents": {"type": "bubble", "body": {"type": "text", "text": "a"}}},
        {"type": "text", "text": 7},
    ],
)
def test_the_schemas_find_faults(broken: dict[str, object]) -> None:
    assert faults_of("ReplyMessageRequest", {"replyToken": "t", "messages": [broken]})


def test_the_library_takes_every_card_and_drops_nothing(said: list[Reply], wording: Wording) -> None:
    for reply in said[::7]:
        for message in messages_of(reply, wording):
            assert Message.from_dict(message).to_dict() == message


def test_nothing_of_a_reply_is_missing_on_its_card(said: list[Reply], wording: Wording) -> None:
    for reply in said:
        shown = "\n".join(strings(messages_of(reply, wording)))
        for call in reply.calls:
            assert call.name in shown
            assert f"tel:{call.dial}" in shown or not call.dial
            assert call.link in shown
            assert call.state in shown
        for choice in reply.choices:
            assert choice.label in shown
        for line in (*reply.lead, *reply.body, *reply.small):
            assert all(word in shown for word in line.split("https://")[0].split())


def test_the_text_twin_holds_everything(said: list[Reply], wording: Wording) -> None:
    for reply in said:
        messages = messages_of(reply, wording, as_text=True)
        assert "".join(message["text"] for message in messages).replace("\n", "") == reply.text.replace("\n", "")


def test_a_notice_tells_no_topic(said: list[Reply], wording: Wording) -> None:
    """What a locked screen shows is the same for a question about snow and for a wish to die."""
    cards = [message for reply in said for message in messages_of(reply, wording) if message["type"] == "flex"]
    assert {card["altText"] for card in cards} == {wording.say("line-notice")}


def test_the_action_stands_first(said: list[Reply], wording: Wording) -> None:
    for reply in (each for each in said if each.route is Route.EMERGENCY):
        (card,) = messages_of(reply, wording)
        lead, first = card["contents"]["body"]["contents"][:2]
        assert lead["text"] == reply.lead[0]
        if len(reply.lead) == 1:
            assert any(part.get("action", {}).get("uri", "").startswith("tel:") for part in first["contents"])


def test_a_hash_in_a_number_is_escaped(wording: Wording) -> None:
    reply = Reply(Route.ANSWER, lead=("a",), calls=(Call("短縮", "#7119", "%237119"),))
    assert "tel:%237119" in strings(messages_of(reply, wording))


def test_thirty_choices_are_cut_to_what_line_takes(wording: Wording) -> None:
    choices = tuple(Choice(FAMILY * 30 + str(number), "menu") for number in range(30))
    (card,) = messages_of(Reply(Route.CLARIFY, lead=("a",), choices=choices), wording)
    items = card["quickReply"]["items"]
    assert len(items) == 13
    assert graphemes(items[0]["action"]["label"]) == [FAMILY] * 19 + ["…"]
    assert faults_of_messages({"messages": [card]}) == []


def test_a_card_that_is_too_large_becomes_text(wording: Wording) -> None:
    reply = Reply(Route.ANSWER, lead=("🙂" * 5000,), body=("あ" * 8000,), choices=(Choice("一覧", "menu"),))
    messages = messages_of(reply, wording)
    assert len(json.dumps(reply.text)) > CARD_BYTES
    assert {message["type"] for message in messages} == {"text"}
    assert "quickReply" in messages[-1]
    assert all("quickReply" not in message for message in messages[:-1])
    assert faults_of_messages({"messages": messages}) == []


@pytest.mark.parametrize("text", ["🙂" * 5000, FAMILY * 700, "あ" * 5001, "a\n" * 4000, "e\u0301" * 3000, "x" * 60_000])
def test_text_is_cut_where_line_counts_and_no_character_breaks(text: str) -> None:
    parts = split_utf16(text, 5000, 5)
    assert 1 <= len(parts) <= 5
    assert all(0 < utf16_length(part) <= 5000 for part in parts)
    whole = "".join(parts)
    assert whole.replace("\n", "").rstrip("…") == text.replace("\n", "")[: len(whole.replace("\n", "").rstrip("…"))]
    for part in parts:
        assert set(graphemes(part)) <= set(graphemes(text)) | {"…"}


def test_graphemes_are_cut_whole() -> None:
    assert cut_graphemes(FAMILY * 3, 3) == FAMILY * 3
    assert cut_graphemes(FAMILY * 3, 2) == FAMILY + "…"


def test_the_menu_keeps_lines_rules() -> None:

    menu = rich_menu("困りごと")
    assert faults_of_menu(menu.definition) == []
    assert faults_of("RichMenuRequest", menu.definition) == []


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium on this machine (.ci/run installs it)")
def test_the_picture_is_the_page() -> None:
    """The committed picture is what a browser draws of the committed page: same places, hardly another pixel."""
    folder = ROOT / "bot" / "channels" / "line"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((folder / "rich_menu.html").as_uri())
        for area in areas():
            x, y, width, height = area.bounds
            found = page.evaluate(
                "([x, y]) => document.elementFromPoint(x, y).closest('.area')?.dataset.text",
                [x + width / 2, y + height / 2],
            )
            assert found == area.text
        drawn = (folder / "rich_menu.png").read_bytes()
        same = page.evaluate(_COMPARE, [list(page.screenshot()), list(drawn)])
        browser.close()
    assert same > 0.98, f"only {same:.3f} of the picture is as the page is drawn now: draw it again"


_COMPARE = """async ([one, two]) => {
  const pixels = async bytes => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: "image/png"}));
    const canvas = new OffscreenCanvas(image.width / 4, image.height / 4);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const [a, b] = [await pixels(one), await pixels(two)];
  if (a.length !== b.length) return 0;
  let same = 0;
  for (let at = 0; at < a.length; at += 4) same += Math.abs(a[at] - b[at]) < 32 ? 1 : 0;
  return same / (a.length / 4);
}"""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium on this machine (.ci/run installs it)")
def test_cards_can_be_drawn_and_fit_a_phone(said: list[Reply], wording: Wording, tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        for number, reply in enumerate(said[:: len(said) // 20]):
            page.set_content(flex_page(messages_of(reply, wording)))
            assert page.evaluate("[...document.querySelectorAll('.button')].every(b => b.scrollWidth <= b.clientWidth)")
            assert page.evaluate("document.documentElement.scrollWidth <= 390")
            page.screenshot(path=tmp_path / f"card-{number}.png", full_page=True)
        browser.close()
