"""One script of talks and hand-overs for every channel: what is written and must be read, wherever that is."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import httpx
import pytest

from bot.domain.cases.case_transitions import Reason
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, close
from bot.handlers.cases.open_cases import list_open_cases
from bot.web.site import build_site
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_server import LineServer
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import make_staff
from tests.support.telegram.telegram_bot import TelegramBot, running_telegram, telegram_context
from tests.support.telegram.telegram_server import TelegramServer

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

    def writes(self, text: str) -> None:
        """They write, and nothing may come."""

    def has_read(self) -> str:
        """Everything that was read so far."""


class OnThePage:
    """On the web page, in a browser that keeps cookies."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def says(self, text: str) -> str:
        """The newest answer on the page."""
        page = self._client.post("/messages", data={"text": text}).text
        found = re.search(r'<article class="bot \S+" id="newest".*?</article>', page, re.DOTALL)
        assert found
        return _words(found.group())

    def writes(self, text: str) -> None:
        """Send the form."""
        self._client.post("/messages", data={"text": text})

    def has_read(self) -> str:
        """The page as it stands."""
        return _words(self._client.get("/").text)


def _words(page: str) -> str:
    return html.unescape(re.sub("<[^>]+>", " ", page))


class OnLine:
    """On LINE."""

    def __init__(self, bot: LineBot) -> None:
        self._bot = bot

    def says(self, text: str) -> str:
        """Every word of what LINE took."""
        return self._bot.answer(text).words

    def writes(self, text: str) -> None:
        """A message with a token that nobody uses."""
        self._bot.hears(text)

    def has_read(self) -> str:
        """Everything that LINE took."""
        return "\n".join(each.words for each in self._bot.line.taken)


class OnTelegram:
    """On Telegram."""

    def __init__(self, bot: TelegramBot) -> None:
        self._bot = bot

    def says(self, text: str) -> str:
        """Every word of what Telegram took."""
        return self._bot.answer(text).words

    def writes(self, text: str) -> None:
        """A message."""
        self._bot.hears(text)

    def has_read(self) -> str:
        """Everything that Telegram took."""
        return "\n".join(each.words for each in self._bot.telegram.taken)


@dataclass(frozen=True)
class Scene:
    """A context with one channel, and somebody who writes there."""

    context: AppContext
    resident: Resident


@pytest.fixture(params=["web", "line", "telegram"])
def scene(request: pytest.FixtureRequest, context: AppContext) -> Iterator[Scene]:
    on: dict[str, Callable[[AppContext], AbstractContextManager[Scene]]]
    on = {"web": on_the_page, "line": on_line, "telegram": on_telegram}
    with on[request.param](context) as found:
        yield found


@contextmanager
def on_the_page(context: AppContext) -> Iterator[Scene]:
    context = replace(context, clock=ShiftedClock())
    with RunningApp(build_site(context, closes=False)) as page, httpx.Client(base_url=page.url) as client:
        yield Scene(context, OnThePage(client))


@contextmanager
def on_line(context: AppContext) -> Iterator[Scene]:
    clock = ShiftedClock()
    with LineServer() as line, running_line_bot(line_context(context, line, clock), line, clock) as bot:
        yield Scene(bot.context, OnLine(bot))
        assert line.broken_rules == []


@contextmanager
def on_telegram(context: AppContext) -> Iterator[Scene]:
    clock = ShiftedClock()
    with TelegramServer() as telegram:
        context = telegram_context(context, telegram, clock)
        with running_telegram(context, telegram, clock) as bot:
            yield Scene(context, OnTelegram(bot))
        assert telegram.broken_rules == []


@pytest.mark.parametrize("talk", TALKS, ids=[talk[0][0] for talk in TALKS])
def test_a_talk_is_the_same_on_every_channel(scene: Scene, context: AppContext, talk: list[tuple[str, str]]) -> None:
    for said, wanted in talk:
        assert wanted in scene.resident.says(said), said
    open_now = len(list_open_cases(context.store, context.keys))
    assert open_now == (1 if any(word in talk[0][0] for word in ("人と話す", "help")) else 0)


def test_a_hand_over_is_the_same_on_every_channel(scene: Scene) -> None:
    """An SOS, a claim, answers through the bot, back to the bot and to staff again, the end."""
    context, resident = scene.context, scene.resident
    sato, _ = make_staff(context, "counsellor")
    number = re.findall(r"[0-9]{3}-[0-9]{3}", resident.says("もう死にたい"))
    (listed,) = list_open_cases(context.store, context.keys)
    assert f"{listed.case.number[:3]}-{listed.case.number[3:]}" in number
    case = listed.case.id
    claim(context, sato, case)
    answer(context, sato, case, StaffAnswer("読みました。いま、安全な所にいますか"))
    wait_until(lambda: "安全な所にいますか" in resident.has_read())
    assert "職員からの返事です" in resident.has_read()
    resident.writes("雪かきができない")
    wait_until(lambda: list_open_cases(context.store, context.keys)[0].words[-1] == "雪かきができない")
    assert "施策13" not in resident.has_read(), "while staff have the case the bot is silent"
    assert "ボットがお答えします" in resident.says("ボットに戻る")
    assert "施策13" in resident.says("雪かきができない")
    answer(context, sato, case, StaffAnswer("今日の夕方、もう一度書きます"))
    wait_until(lambda: "今日の夕方" in resident.has_read())
    close(context, sato, case, Reason.DONE)
    wait_until(lambda: "対応は、ここまでです" in resident.has_read())
    assert "空き家" in resident.says("空き家をどうするか")
    assert list_open_cases(context.store, context.keys) == []
