"""The walk of the office: a question is not understood, becomes a phrase, is proved, read by a second admin, out."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.bootstrap import build_worker
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.content.load_revisions import begin_revisions, load_newer_revision
from bot.settings import Settings
from bot.web.site import build_site
from tests.conversation.test_browser import say
from tests.support.browser_checks import assert_accessible, assert_no_sideways_scroll, needs_chromium
from tests.support.line.line_bot import ShiftedClock
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import code_at, make_staff

pytestmark = [
    needs_chromium,
    pytest.mark.timeout(600),
]
ASKED = "ちょぺりぐらの件"
"""Words that no phrase has."""


@pytest.fixture
def office(context_sqlite: AppContext) -> Iterator[tuple[AppContext, str]]:
    context = replace(context_sqlite, clock=ShiftedClock())
    begin_revisions(context.store, context.folders.shipped(), context.clock())
    load_newer_revision(context)
    with RunningApp(build_site(context, worker=build_worker(context, Settings()), closes=False)) as running:
        yield context, running.url


@pytest.fixture
def signs_in(office: tuple[AppContext, str], browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A browser window of an admin who has signed in."""
    context, url = office
    windows = []

    def enter(login: str) -> Page:
        _, credentials = make_staff(context, login, Role.ADMIN)
        window = browser.new_context(viewport={"width": 1024, "height": 768}, locale="ja-JP")
        windows.append(window)
        page = window.new_page()
        page.goto(f"{url}/desk/sign-in")
        page.fill("[name=login]", login)
        page.fill("[name=password]", credentials.password)
        page.fill("[name=code]", code_at(credentials, context.clock()))
        page.get_by_role("button").click()
        expect(page).to_have_url(re.compile("/desk$"))
        return page

    yield enter
    for window in windows:
        window.close()


@contextmanager
def resident(browser: Browser, url: str) -> Iterator[Page]:
    """Somebody at the chat page, new each time."""
    context = browser.new_context(locale="ja-JP")
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def seen(page: Page, folder: Path, name: str) -> None:
    """A page without a violation, narrow enough, with a picture for people to look at."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.screenshot(path=folder / f"{name}.png", full_page=True)


def test_the_walk_of_the_office(
    office: tuple[AppContext, str], signs_in: Callable[[str], Page], browser: Browser, tmp_path: Path
) -> None:
    _, url = office
    with resident(browser, url) as page:
        say(page, ASKED)
        expect(page.locator("#newest")).not_to_have_class(re.compile(r"\banswer\b"))
    ito, kato = signs_in("ito"), signs_in("kato")
    ito.goto(f"{url}/studio")
    seen(ito, tmp_path, "home")
    ito.get_by_role("link", name="分からなかった文").click()
    expect(ito.locator("main")).to_contain_text(ASKED)
    seen(ito, tmp_path, "learning")
    ito.get_by_label("項目").select_option("measure-13")
    ito.get_by_role("button", name="この項目の言い方にする").click()
    expect(ito.get_by_role("heading", name="こう変わります")).to_be_visible(timeout=120_000)
    expect(ito.get_by_role("row", name=re.compile(ASKED)).first).to_contain_text("雪との共生")
    seen(ito, tmp_path, "lesson")
    ito.get_by_role("button", name="下書きに足す").click()
    publish(ito, kato, url, tmp_path)
    with resident(browser, url) as page:
        expect(page.locator("#text")).to_be_visible()
        answered(page, url, "施策13")
    ito.goto(f"{url}/studio/revisions")
    seen(ito, tmp_path, "revisions")
    ito.get_by_role("button", name=re.compile("この版に戻す.*第1版")).click()
    expect(ito.locator("tbody tr").first).to_contain_text("第3版")
    with resident(browser, url) as page:
        answered(page, url, "施策13", is_there=False)


def publish(ito: Page, kato: Page, url: str, folder: Path) -> None:
    """One asks, after the proof; the other reads and agrees."""
    ito.goto(f"{url}/studio/publish")
    expect(ito.locator("ins")).to_contain_text(ASKED)
    ito.get_by_role("button", name="確かめる").click()
    expect(ito.locator("#proof")).to_contain_text("公開できます", timeout=300_000)
    seen(ito, folder, "proof")
    ito.get_by_label("なぜ直すか").fill("問い合わせがあったため")
    ito.get_by_role("button", name="別の管理者に、公開をたのむ").click()
    expect(ito.locator("#proof")).to_contain_text("公開をたのみました")
    kato.goto(f"{url}/studio")
    kato.get_by_role("link", name="読んで、認める").click()
    kato.get_by_role("button", name="認めて公開する").click()
    expect(kato.locator("main")).to_contain_text("公開している第2版と同じです")


def answered(page: Page, url: str, what: str, *, is_there: bool = True) -> None:
    """The same message, asked until the process has taken the revision up: within seconds."""
    for _ in range(10):
        say(page, ASKED)
        if (what in page.locator("#newest").inner_text()) is is_there:
            return
        page.wait_for_timeout(1500)
        page.context.clear_cookies()
        page.goto(url)
    pytest.fail(f"{what} was {'never' if is_there else 'still'} answered")


def test_a_number_two_windows_and_a_phone(
    office: tuple[AppContext, str], signs_in: Callable[[str], Page], tmp_path: Path
) -> None:
    """The steps of `intents/README.md` for a telephone number; somebody else in the same card; a window that closes."""
    _, url = office
    ito, kato = signs_in("ito"), signs_in("kato")
    for page in (ito, kato):
        page.goto(f"{url}/studio")
        page.get_by_role("link", name="電話と窓口", exact=True).click()
        page.get_by_label("さがす").fill("たるさぽ")
        page.get_by_role("button", name="さがす").click()
        page.get_by_role("link", name="福祉総合相談室「たるさぽ」", exact=True).click()
    ito.get_by_label("電話番号").fill("0134-33-9999")
    ito.get_by_label("番号を言うか").select_option("confirmed")
    ito.get_by_label("確かめた人").fill("福祉総合相談室 伊藤")
    expect(ito.locator("#saved")).to_contain_text("下書きに保存しました")
    seen(ito, tmp_path, "line")
    kato.get_by_label("確かめた人").fill("地域福祉課 加藤")
    expect(kato.locator("#saved")).to_contain_text("ほかの人も")
    kato.get_by_role("button", name="下書きに保存する").click()
    expect(kato.get_by_role("alert")).to_contain_text("職員ito さんも同じところを直していました")
    expect(kato.locator(".torn")).to_contain_text("福祉総合相談室 伊藤")
    expect(kato.get_by_label("電話番号")).to_have_value("0134-33-9999")
    seen(kato, tmp_path, "torn")
    kato.get_by_label("メモ").fill("書きかけのメモ")
    kato.close()
    ito.set_viewport_size({"width": 390, "height": 844})
    ito.wait_for_timeout(1000)
    ito.reload()
    expect(ito.get_by_label("メモ")).to_have_value("書きかけのメモ")
    expect(ito.get_by_label("確かめた人")).to_have_value("地域福祉課 加藤")
    seen(ito, tmp_path, "phone")


def test_every_page_is_for_everybody(
    office: tuple[AppContext, str], signs_in: Callable[[str], Page], tmp_path: Path
) -> None:
    _, url = office
    ito = signs_in("ito")
    for name, path in {
        "measure": "card?file=measures/measure-13.yaml",
        "wording": "cards?files=wording.yaml",
        "new": "card/new?file=synonyms.yaml",
        "tables": "tables",
        "try": "try",
    }.items():
        ito.goto(f"{url}/studio/{path}")
        seen(ito, tmp_path, name)
    ito.get_by_label("住民が書きそうな文").fill("雪かきができない")
    ito.get_by_role("button", name="聞いてみる").click()
    expect(ito.locator("#tried")).to_contain_text("いま公開中")
    ito.locator("summary").first.click()
    seen(ito, tmp_path, "tried")
