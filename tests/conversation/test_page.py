"""The page at its door: hostile input, other sites, floods of bytes; calm answers and nothing broken."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import anyio
import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from bot.handlers.app_context import AppContext
from bot.handlers.cases.open_cases import list_open_cases
from bot.web.site import build_site
from tests.support.line.line_bot import ShiftedClock

NOISE = "きょうは天気がよくて、運河のあたりを散歩して、魚を買って帰りました。"


@pytest.fixture
def context(context: AppContext) -> AppContext:
    return replace(context, clock=ShiftedClock())


@pytest.fixture
def site(context: AppContext) -> Starlette:
    return build_site(context)


def browse(site: Starlette) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


def post(site: Starlette, *bodies: bytes | dict[str, str], **headers: str) -> list[httpx.Response]:
    """Post one body after the other, as one visitor."""

    async def run() -> list[httpx.Response]:
        async with browse(site) as client:
            form = {"content-type": "application/x-www-form-urlencoded", **headers}
            answers = []
            for body in bodies:
                content = urlencode(body, errors="surrogatepass").encode() if isinstance(body, dict) else body
                answers.append(await client.post("/messages", content=content, headers=form))
            return answers

    return anyio.run(run)


def get(site: Starlette, path: str, **headers: str) -> httpx.Response:
    async def run() -> httpx.Response:
        async with browse(site) as client:
            return await client.get(path, headers=headers)

    return anyio.run(run)


def newest(page: str) -> str:
    """The route of the newest answer on a page."""
    found = re.findall(r'<article class="bot (\w+)" id="newest"', page)
    return found[0] if found else ""


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "あ" * 10_000, "🙂🙂🙂", "\x00", "雪\x00かき", "\ud83d", "<script>alert(1)</script>",
        "\u202eمرحبا", "%00%ff", "'; DROP TABLE cases; --", "{{7*7}}", "a" * 300_000,
    ],
)  # fmt: skip
def test_whatever_is_typed_is_answered_calmly(site: Starlette, typed: str) -> None:
    (answer,) = post(site, {"text": typed})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert newest(answer.text) != "emergency"
    assert 'id="newest"' in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"text=%ED%A0%80", b"text=%FF", b"nonsense", b"text", b"&" * 5000, b"text=a&text=b"]
)
def test_whatever_is_posted_is_answered_calmly(site: Starlette, body: bytes) -> None:
    (answer,) = post(site, body)
    assert answer.status_code == 200


def test_an_sos_after_9000_characters_of_noise(site: Starlette, context: AppContext) -> None:
    noise = (NOISE * 300)[:9000]
    (answer,) = post(site, {"text": noise + "もう死にたいです"})
    assert newest(answer.text) == "emergency"
    assert len(list_open_cases(context.store, context.keys)) == 1


def test_an_sos_in_three_messages(site: Starlette, context: AppContext) -> None:
    answers = post(site, {"text": "もう"}, {"text": "死"}, {"text": "にたい"})
    assert [newest(answer.text) for answer in answers][-1] == "emergency"
    assert len(list_open_cases(context.store, context.keys)) == 1


def test_reloading_a_posted_page_says_nothing_twice(site: Starlette) -> None:
    first, again = post(site, {"text": "雪かきができない", "once": "x"}, {"text": "雪かきができない", "once": "x"})
    assert first.text.count('class="you"') == again.text.count('class="you"') == 1


def test_two_visitors_whose_forms_are_alike_each_see_their_own_words(site: Starlette) -> None:
    for words in ("雪かきができない", "空き家をどうするか"):
        (answer,) = post(site, {"text": words, "once": "x"})
        said = re.findall(r'<article class="you">.*?<p dir="auto">(.*?)</p>', answer.text, re.DOTALL)
        assert said == [words]


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_another_site_cannot_make_a_visitor_forget(site: Starlette, origin: str) -> None:
    async def run() -> tuple[httpx.Response, str]:
        async with browse(site) as client:
            await client.post("/messages", data={"text": "雪かきができない"})
            refused = await client.post("/clear", headers={"sec-fetch-site": origin})
            return refused, (await client.get("/")).text

    refused, page = anyio.run(run)
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers
    assert "clear-site-data" not in refused.headers
    assert "雪かきができない" in page


def test_another_site_cannot_write(site: Starlette, context: AppContext) -> None:
    (answer,) = post(site, {"text": "死にたい"}, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert list_open_cases(context.store, context.keys) == []


def test_a_body_too_large_is_refused_kindly(site: Starlette) -> None:
    (answer,) = post(site, b"text=" + b"a" * 1_100_000)
    assert answer.status_code == 200
    assert "長すぎ" in answer.text


def test_the_talk_is_found_again_and_forgotten(site: Starlette) -> None:
    async def run() -> tuple[str, httpx.Response, str]:
        async with browse(site) as client:
            await client.post("/messages", data={"text": "雪かきができない"})
            again = await client.get("/")
            left = await client.post("/clear")
            after = await client.get("/")
            return again.text, left, after.text

    again, left, after = anyio.run(run)
    assert "雪かきができない" in again
    assert left.status_code == 303
    assert left.headers["location"] == "/clear"
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert 'class="you"' not in after


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Starlette) -> None:
    (answer,) = post(site, {"text": "こんにちは"})
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "max-age=2592000"))


def test_every_answer_carries_the_safe_headers(site: Starlette) -> None:
    for path in ("/", "/clear", "/healthz", "/nothing", "/static/chat.css"):
        answer = get(site, path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert ("no-store" in answer.headers["cache-control"]) == (not path.startswith("/static"))


def test_title_and_address_say_nothing_of_trouble(site: Starlette) -> None:
    for path in ("/", "/clear"):
        title = re.findall("<title>(.*)</title>", get(site, path).text)[0]
        assert not re.search("相談|福祉|SOS|死|悩|暴力|虐待", title)


def test_the_page_asks_nothing_of_others(site: Starlette) -> None:
    (answer,) = post(site, {"text": "死にたい"})
    outside = re.findall(r'<[^>]*(?:src|href|action)="(?!/|tel:|#)[^>]*>', answer.text)
    assert outside, "the reply names a chat for those who cannot speak"
    assert {tag for tag in outside if not tag.startswith("<a ") or "noreferrer" not in tag} == set()


def test_metrics_are_for_this_machine(site: Starlette) -> None:
    assert "sasaeai_open_cases" in get(site, "/metrics").text
    assert get(site, "/metrics", **{"x-forwarded-for": "203.0.113.9"}).status_code == 404
    foreign = {"x-forwarded-for": "203.0.113.9", "authorization": "Bearer"}
    assert get(site, "/metrics", **foreign).status_code == 404, "without a token set, none opens"


def test_health_fails_when_the_database_does(site: Starlette, context: AppContext) -> None:
    assert get(site, "/healthz").status_code == 200
    with context.store.writer.begin() as connection:
        connection.execute(text("DROP TABLE outbound"))
    assert get(site, "/healthz").status_code == 503
    assert get(site, "/").status_code == 200


def test_an_unknown_address_is_a_calm_page(site: Starlette) -> None:
    answer = get(site, "/nothing")
    assert answer.status_code == 404
    assert "119" in answer.text
