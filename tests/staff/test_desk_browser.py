"""The whole way of an SOS with a resident and two members of staff in real browsers, on the web and over LINE.

With `SCREENSHOTS=folder` in the environment every screen is kept there, to be looked at.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.domain.cases.duty_roster import DutyPerson
from bot.domain.opening_hours import WEEKDAYS
from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.staff.duty_settings import save_duty_people
from bot.handlers.staff.staff_accounts import Credentials
from bot.handlers.worker import Worker
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from bot.web.site import build_site
from tests.support.browser_checks import assert_accessible, assert_no_sideways_scroll, needs_chromium, page_faults
from tests.support.contexts import context_of
from tests.support.line.line_bot import ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_server import LineServer
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import code_at, make_staff

pytestmark = needs_chromium
OFFICE, PHONE = (1024, 768), (390, 844)


@dataclass
class Screens:
    """Windows of people at a running context; what any of them asks of another machine, or complains of, is kept."""

    browser: Browser
    context: AppContext
    clock: ShiftedClock
    url: str
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def window(self, size: tuple[int, int]) -> Iterator[Page]:
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="ja-JP")
        page = context.new_page()
        faults = page_faults(page, self.url)
        yield page
        context.close()
        # Somebody else was faster (409), or a test has cut the line: the browser puts both on its console.
        assert [each for each in faults if "409" not in each and "ERR_FAILED" not in each] == []

    def signed_in(self, page: Page, credentials: Credentials, login: str) -> None:
        page.goto(f"{self.url}/desk")
        page.get_by_label("ログイン名").fill(login)
        page.get_by_label("パスワード").fill(credentials.password)
        page.get_by_label(re.compile("確認コード")).fill(code_at(credentials, self.clock()))
        looked_at(page, "sign-in")
        page.get_by_role("button", name="入る").click()
        expect(page.get_by_role("heading", name="相談の一覧")).to_be_visible()


def looked_at(page: Page, name: str) -> None:
    """Everybody can use this screen, and it is kept for whoever wants to look."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    if folder := os.environ.get("SCREENSHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


@pytest.fixture
def tells(sqlite_store: Store, keys: Keyring, understander: Understander) -> AppContext:
    return context_of(sqlite_store, keys, understander, staff_channels=frozenset({"mail", "line"}))


@pytest.fixture
def screens(browser: Browser, tells: AppContext) -> Iterator[Screens]:
    clock = ShiftedClock()
    context = replace(tells, clock=clock)
    with RunningApp(build_site(context, worker=Worker(context, alone=True), closes=False)) as running:
        yield Screens(browser, context, clock, running.url)


def on_duty(context: AppContext) -> dict[str, Credentials]:
    """Two counsellors and an admin, who keeps the duty list with both on it."""
    admin, chief = make_staff(context, "chief", Role.ADMIN)
    hired = {name: make_staff(context, name) for name in ("sato", "ito")}
    save_duty_people(context, admin, [DutyPerson(each.id, frozenset(WEEKDAYS)) for each, _ in hired.values()])
    return {"chief": chief, **{name: credentials for name, (_, credentials) in hired.items()}}


def taken_by_one_of_two(first: Page, second: Page) -> None:
    """The case comes to both queues by itself; one takes it, the other reads who."""
    for page in (first, second):
        expect(page.get_by_role("button", name=re.compile("担当する"))).to_be_visible()
        expect(page).to_have_title(re.compile("（1）"))
        looked_at(page, "queue")
    second.locator(".cases a").click()
    expect(second.get_by_role("heading", name="やりとり")).to_be_visible()
    first.get_by_role("button", name=re.compile("担当する")).click()
    expect(first.get_by_role("button", name="返事を送る")).to_be_visible()
    second.get_by_role("button", name="担当する").click()
    expect(second.get_by_role("alert")).to_have_text("職員sato さんが先に担当しました。")
    looked_at(second, "taken")


def answered(page: Page) -> None:
    """A canned text, changed and sent."""
    page.get_by_role("button", name="読みました", exact=True).click()
    box = page.get_by_label(re.compile("本人への返事"))
    expect(box).to_have_value(re.compile("読みました"))
    box.fill("読みました。いま、ひとりですか。")
    looked_at(page, "answering")
    page.get_by_role("button", name="返事を送る").click()
    expect(page.locator(".talk li.staff")).to_contain_text("いま、ひとりですか。")


def test_the_whole_way_on_the_web(screens: Screens) -> None:
    credentials_by_login = on_duty(screens.context)
    with screens.window(PHONE) as resident, screens.window(OFFICE) as first, screens.window(PHONE) as second:
        for page, login in ((first, "sato"), (second, "ito")):
            screens.signed_in(page, credentials_by_login[login], login)
            expect(page.get_by_text("いま、開いている相談はありません。")).to_be_visible()
        resident.goto(screens.url)
        resident.locator("#text").fill("もう死にたい")
        resident.locator("#text").press("Enter")
        expect(resident.locator("article.emergency")).to_be_visible()
        looked_at(resident, "resident-sos")
        taken_by_one_of_two(first, second)
        expect(resident.get_by_text("職員が読みはじめました")).to_be_visible()
        answered(first)
        expect(first.locator(".talk li.staff .sent")).to_have_text("届けました")
        expect(resident.get_by_text("いま、ひとりですか。")).to_be_visible()
        looked_at(resident, "resident-answered")
        resident.locator("#text").fill("はい、ひとりです")
        resident.locator("#text").press("Enter")
        expect(resident.locator("article.you")).to_have_count(2)
        expect(first.get_by_text("この相談に、新しいことがありました。")).to_be_visible()
        first.get_by_role("link", name="読み直す").click()
        expect(first.locator(".talk")).to_contain_text("はい、ひとりです")
        looked_at(first, "case")
        first.get_by_role("link", name="紙に残す形で開く").click()
        looked_at(first, "print")
        first.go_back()
        first.get_by_role("button", name="解決・案内ずみ").click()
        expect(first.get_by_role("button", name="再び開く")).to_be_visible()
        expect(resident.get_by_text("これからはボットがお答えします")).to_be_visible()
        looked_at(resident, "resident-closed")


def test_the_whole_way_over_line(browser: Browser, tells: AppContext) -> None:
    clock = ShiftedClock()
    with LineServer() as line:
        context = replace(line_context(tells, line, clock), base_url="https://bot.example.jp")
        credentials_by_login = on_duty(context)
        with running_line_bot(context, line, clock) as bot:
            screens = Screens(browser, context, clock, bot.url)
            with screens.window(OFFICE) as first, screens.window(PHONE) as second:
                for page, login in ((first, "sato"), (second, "ito")):
                    screens.signed_in(page, credentials_by_login[login], login)
                assert "ひとりにしたくありません" in bot.answer("もう死にたい").words
                taken_by_one_of_two(first, second)
                wait_until(lambda: any("職員が読みはじめました" in each.words for each in line.taken))
                answered(first)
                wait_until(lambda: any("いま、ひとりですか。" in each.words for each in line.taken))
                first.reload()
                expect(first.locator(".talk li.staff .sent")).to_have_text("届けました")
                bot.hears("はい、ひとりです")
                expect(first.get_by_text("この相談に、新しいことがありました。")).to_be_visible()
                first.get_by_role("link", name="読み直す").click()
                first.get_by_role("button", name="解決・案内ずみ").click()
                wait_until(lambda: any("これからはボットがお答えします" in each.words for each in line.taken))
        assert line.broken_rules == []


def test_a_queue_that_is_not_renewed_says_so_in_red(screens: Screens) -> None:
    credentials_by_login = on_duty(screens.context)
    with screens.window(OFFICE) as page:
        screens.signed_in(page, credentials_by_login["sato"], "sato")
        page.clock.install()
        page.reload()
        page.context.route("**/desk/stream", lambda route: route.abort())
        page.context.route("**/desk/queue", lambda route: route.abort())
        page.reload()
        expect(page.locator("#stale")).to_be_hidden()
        page.clock.run_for(40_000)
        expect(page.locator("#stale")).to_be_visible()
        expect(page.locator("#age")).to_have_text(re.compile("秒前の様子です"))
        page.context.unroute_all()


def test_every_screen_of_an_admin(screens: Screens) -> None:
    credentials_by_login = on_duty(screens.context)
    with screens.window(OFFICE) as page:
        screens.signed_in(page, credentials_by_login["chief"], "chief")
        for path in (
            "",
            "/chats",
            "/duty",
            "/staff",
            "/switches",
            "/audit",
            "/proposals",
            "/drills",
            "/report",
            "/state",
        ):
            page.goto(f"{screens.url}/desk{path}")
            looked_at(page, f"admin{path.replace('/', '-')}")
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            looked_at(page, f"admin{path.replace('/', '-')}")
            page.set_viewport_size({"width": OFFICE[0], "height": OFFICE[1]})
        page.goto(f"{screens.url}/desk/drills")
        page.get_by_role("button", name="訓練の相談を作る").click()
        expect(page.get_by_text("訓練です。だれにも送られません。")).to_be_visible()
        looked_at(page, "drill")
        page.get_by_role("button", name="出る").click()
        expect(page.get_by_role("heading", name="離席中です")).to_be_visible()
        looked_at(page, "locked")
