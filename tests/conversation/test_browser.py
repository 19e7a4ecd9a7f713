"""A resident at the page in a real browser: question, clarify, answer, other actor, SOS, number, reload, erase."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser_checks import assert_accessible, assert_no_sideways_scroll, needs_chromium, page_faults
from tests.support.servers import running_server

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(params=[(390, 844), (1280, 900)], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A visitor's window; whatever it asks of another machine, and every fault in its console, fails the test."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
    opened = context.new_page()
    faults = page_faults(opened, address)
    opened.goto(address)
    yield opened
    context.close()
    assert faults == []


def say(page: Page, text: str) -> None:
    """Type and send by keyboard, and wait for the answer."""
    before = page.locator("article.you").count()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    expect(page.locator("article.you")).to_have_count(before + 1)


def press(page: Page, label: str) -> None:
    before = page.locator("article.you").count()
    page.locator("form.choices button", has_text=re.compile(f"^{re.escape(label)}$")).first.click()
    expect(page.locator("article.you")).to_have_count(before + 1)


def test_the_whole_walk(page: Page, tmp_path: Path) -> None:
    assert_accessible(page)
    say(page, "困りごとの一覧")
    newest = page.locator("#newest")
    expect(newest).to_have_class(re.compile("clarify"))
    say(page, "雪かきができない")
    expect(newest).to_have_class(re.compile("answer"))
    expect(newest.locator("a.call").first).to_have_attribute("href", re.compile(r"^tel:[0-9%+]+$"))
    expect(newest).to_contain_text("施策13")
    assert_accessible(page)
    press(page, "ほかの立場から見る")
    press(page, "近所・町内会")
    expect(newest).to_contain_text("自力で除雪することが難しい世帯を把握する")
    say(page, "死にたい")
    expect(newest).to_have_class(re.compile("emergency"))
    expect(newest.locator("a.call").first).to_have_attribute("href", "tel:0120061338")
    expect(newest.locator("a", has_text="talkme.jp")).to_have_attribute("href", "https://talkme.jp/")
    shown = re.findall(r"受付番号 (\d{3}-\d{3})", newest.inner_text())
    assert len(shown) == 1
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.screenshot(path=tmp_path / "sos.png", full_page=True, caret="initial")
    page.reload()
    expect(page.locator("#talk")).to_contain_text(shown[0])
    page.get_by_role("button", name="この画面を消す").click()
    expect(page).to_have_title("お知らせ")
    assert_accessible(page)
    page.go_back()
    expect(page.locator("article.you")).to_have_count(0)


def test_keyboard_alone(page: Page) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "text":
            break
    page.keyboard.type("空き家をどうしたらいいか")
    page.keyboard.press("Enter")
    expect(page.locator("#newest")).to_have_class(re.compile("answer|clarify"))
    expect(page.locator("#newest")).to_be_focused()  # the script moves the focus once the answer is there
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") in {"A", "BUTTON"}


def test_large_text_and_narrow_window(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    say(page, "死にたい")
    assert_no_sideways_scroll(page)
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert_no_sideways_scroll(page)
    expect(page.locator("#newest a.call").first).to_be_visible()
    assert_accessible(page)
    context.close()


def test_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    page.locator("#text").fill("雪かきができない")
    page.get_by_role("button", name="送る").click()
    assert "施策13" in page.locator("#newest").inner_text()
    page.get_by_role("button", name="ほかの立場から見る").click()
    page.get_by_role("button", name="小樽市", exact=True).click()
    assert "若い世代に除雪ボランティアの働き掛け" in page.locator("#newest").inner_text()
    context.close()


def test_japanese_has_glyphs(page: Page) -> None:
    """Text of two different characters draws differently: no row of empty boxes."""
    drawn = page.evaluate(
        """() => ['雪', '死', '樽'].map((character) => {
          const canvas = document.createElement('canvas');
          const pen = canvas.getContext('2d');
          pen.font = '40px ' + getComputedStyle(document.body).fontFamily;
          pen.fillText(character, 10, 50);
          return canvas.toDataURL();
        })"""
    )
    assert len(set(drawn)) == 3
