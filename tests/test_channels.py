"""One script of talks for every channel: what a resident writes and what they must read, wherever they write it."""

import html
import re
from collections.abc import Callable, Iterator
from typing import Protocol

import httpx
import pytest

from bot.handlers.house import House
from bot.handlers.list_cases import list_open_cases
from bot.handlers.reception import Reception
from bot.web.site import build_site
from tests.line_bot import Clock, LineBot, line_house, running_bot
from tests.line_server import LineServer
from tests.running import Running

TALKS: list[list[tuple[str, str]]] = [
    [
        ("雪かきができない", "0134-23-7847"),
        ("もっと詳しく", "雪出しや路上駐車をしない"),
        ("ほかの立場から見る", "どの立場で"),
        ("近所・町内会", "自力で除雪することが難しい世帯を把握する"),
        ("電話番号は？", "0134-23-7847"),
    ],
    [
        ("一覧", "どんなことですか"),
        ("2", "空き家、家賃、暮らしのお金"),
        ("１", "空き家"),
        ("やめる", "ここで終わります"),
    ],
    [
        ("もう死にたい", "0120-061-338"),
        ("家が火事です", "119"),
        ("取り消す", "取り消しました"),
        ("雪かきができない", "施策13"),
    ],
    [("人と話す", "受付番号"), ("お腹がすいて、お金がない", "受付番号"), ("ありがとう", "こちらこそ")],
    [("helo my nam is ana i need help doctor", "Help in your language"), ("火事", "119")],
    [("パスポートの更新をしたい", "福祉の計画の外"), ("どれもちがう", "")],
]


class Resident(Protocol):
    """Somebody who writes on one channel and reads what comes."""

    def says(self, text: str) -> str:
        """Everything that is read in answer."""


class OnThePage:
    """On the web page, in a browser that keeps cookies."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def says(self, text: str) -> str:
        """The newest answer on the page."""
        page = self._client.post("/messages", data={"text": text}).text
        found = re.search(r'<article class="bot \S+" id="newest".*?</article>', page, re.DOTALL)
        assert found
        return html.unescape(re.sub("<[^>]+>", " ", found.group()))


class OnLine:
    """On LINE."""

    def __init__(self, bot: LineBot) -> None:
        self._bot = bot

    def says(self, text: str) -> str:
        """Every word of what LINE took."""
        return self._bot.answer(text).words


@pytest.fixture(params=["web", "line"])
def resident(request: pytest.FixtureRequest, reception: Reception) -> Iterator[Callable[[], Resident]]:
    clock = Clock()
    if request.param == "web":
        site = build_site(House(reception.store, reception, b"s" * 32, clock), closes=False)
        with Running(site) as page, httpx.Client(base_url=page.url) as client:
            yield lambda: OnThePage(client)
        return
    with LineServer() as line, running_bot(line_house(reception, line, clock), line, clock) as bot:
        yield lambda: OnLine(bot)
        assert line.broken_rules == []


@pytest.mark.parametrize("talk", TALKS, ids=[talk[0][0] for talk in TALKS])
def test_a_talk_is_the_same_on_every_channel(
    resident: Callable[[], Resident], reception: Reception, talk: list[tuple[str, str]]
) -> None:
    somebody = resident()
    for said, wanted in talk:
        assert wanted in somebody.says(said), said
    open_now = len(list_open_cases(reception.store, reception.keys))
    assert open_now == (1 if any(word in talk[0][0] for word in ("人と話す", "help")) else 0)
