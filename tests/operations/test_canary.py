"""Residents' words stand nowhere but sealed: through every door, through every fault, in every writing."""

import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.bootstrap import load_keys, now
from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Reason, Status
from bot.domain.messages import Route
from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close
from bot.handlers.operations.purge import purge_kept
from bot.handlers.staff.duty_settings import save_desk_mail
from bot.settings import Settings
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.message_rows import read_case_words
from bot.storage.conversation.resident_rows import channel_of
from bot.storage.inbox.inbox_rows import count_dead_letters
from bot.storage.operations.backup_file import open_file
from bot.storage.operations.sealed_rows import sealed_columns
from bot.storage.schema.every_table import key_column
from bot.storage.sealing import SealedField
from bot.storage.staff.staff_chat_rows import NewOffer, bind_chat, find_offer, offer_chat, write_offer
from tests.conftest import ROOT
from tests.support.canary import ASCII, JAPANESE, WORDS, found_in, writings
from tests.support.contexts import context_of
from tests.support.faulty_bot import BREAKS
from tests.support.line.line_bot import wait_until
from tests.support.line.line_residents import SECRET, body_of, event, group, message_event, post, text_event, user
from tests.support.line.line_server import CHANNEL_ID, LineServer
from tests.support.mail_server import MailServer
from tests.support.servers import free_port
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff

PLACE = group("staff")
ADDRESS = user("sato")


@dataclass
class City:
    """A bot in a process of its own, everything at its other ends, and everything it has said to them."""

    folder: Path
    line: LineServer
    mail: MailServer
    settings: dict[str, str]
    context: AppContext
    url: str = ""
    printed: list[str] = field(default_factory=list)

    def hears(self, *events: object) -> None:
        assert post(self.url, body_of(*events)) == 200

    def says(self, text: str, visitor: httpx.Client) -> httpx.Response:
        return visitor.post(f"{self.url}/messages", data={"text": text})

    def run(self, *words: str) -> None:
        """A command of the bot beside the server; what it prints is kept."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=ROOT, env=os.environ | self.settings, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip
        self.printed += [done.stdout, done.stderr]

    def cases(self) -> list[Case]:
        with self.context.store.reading() as connection:
            return list_cases(connection, open_only=False)

    def told(self) -> str:
        """What staff got outside the desk, as it came over the line and in words."""
        chats = [json.dumps(each.messages, ensure_ascii=False) for each in self.line.taken if each.to == PLACE]
        return "\n".join([*chats, self.mail.everything()])

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def city(tmp_path: Path, understander: Understander) -> Iterator[City]:
    folder = tmp_path / "data"
    folder.mkdir()
    with LineServer() as line, MailServer() as mail:
        port = str(free_port())
        settings = {
            "DATABASE_URL": f"sqlite:///{folder}/bot.db",
            "PORT": port,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LINE_CHANNEL_ID": CHANNEL_ID,
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_API_URL": line.url,
            "SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "MAIL_FROM": "bot@city.example",
        }
        with _serving(settings, tmp_path / "log"):
            keys, _ = load_keys(Settings(database_url=settings["DATABASE_URL"]))
            store = open_file(folder / "bot.db")
            context = context_of(store, keys, understander, clock=now)
            yield City(folder, line, mail, settings, context, settings["PUBLIC_URL"])
        store.close()


@contextmanager
def _serving(settings: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faulty_bot"], cwd=ROOT, env=os.environ | settings, stdout=written,
            stderr=written,
        )  # fmt: skip
        try:
            wait_until(lambda: _answers(settings["PORT"]), 60)
            yield
        finally:
            server.terminate()
            server.wait(timeout=30)


def _answers(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _staff(city: City) -> DeskClient:
    """An admin at the desk; the desk has a mail address and a group on LINE."""
    admin, credentials = make_staff(city.context, "admin", Role.ADMIN)
    save_desk_mail(city.context, admin, "desk@city.example")
    store, keys, now = city.context.store, city.context.keys, city.context.clock()
    offer = NewOffer("line", "", "a hash", now + timedelta(minutes=15))
    store.transaction(lambda connection: offer_chat(connection, offer, now))
    with store.reading() as connection:
        chat = find_offer(connection, "line", "a hash", now)
    assert chat is not None
    store.transaction(lambda connection: write_offer(connection, keys, chat, "the group's lane", PLACE))
    store.transaction(lambda connection: bind_chat(connection, chat))
    client = DeskClient(city.url, "admin", credentials)
    assert client.sign_in(code_at(credentials, now)).status_code == httpx.codes.SEE_OTHER
    return client


def _write_through_every_door(city: City) -> None:
    with httpx.Client(timeout=30) as visitor:
        page = city.says(f"もう死にたい {WORDS}", visitor)
        assert WORDS in page.text, "the page shows what was written"
        city.says(f"{BREAKS} {WORDS}", visitor)
        city.says(WORDS * 3000, visitor)
        visitor.get(f"{city.url}/", params={"text": WORDS})
        visitor.get(f"{city.url}/{urllib.parse.quote(WORDS)}")
        visitor.post(f"{city.url}/messages", content=b"\xff" + WORDS.encode())
    # On a line of its own: the server closes it after such a fault.
    assert httpx.post(f"{city.url}/broken", content=WORDS.encode()).status_code == httpx.codes.INTERNAL_SERVER_ERROR
    ticket = city.line.token_for
    city.hears(text_event(f"もう死にたい {WORDS}", ADDRESS, ticket(ADDRESS)))
    city.hears(text_event(f"{BREAKS} 死にたい {WORDS}", user("ito"), ticket(user("ito"))))
    city.hears(event("postback", ADDRESS, ticket(ADDRESS), postback={"data": f"more@{WORDS}"}))
    city.hears(message_event("sticker", ADDRESS, ticket(ADDRESS), keywords=[WORDS], text=WORDS))
    city.hears(message_event("location", ADDRESS, ticket(ADDRESS), title=WORDS, address=WORDS, latitude=1, longitude=1))
    city.hears(message_event("file", ADDRESS, ticket(ADDRESS), fileName=f"{WORDS}.pdf", fileSize=1))
    city.hears(message_event("hologram", ADDRESS, ticket(ADDRESS), anything={"deep": [WORDS]}))
    assert post(city.url, f'{{"events": [{{"text": "死にたい {WORDS}"'.encode()) == 200
    assert post(city.url, body_of(text_event(WORDS, ADDRESS)), "forged") == 400
    city.hears(text_event(WORDS, PLACE, ticket(PLACE)))


def _break_the_database(city: City) -> None:
    """A message that the database refuses, in the middle of a handler: it is tried three times and set aside."""
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON inbound WHEN NEW.kind = 'voice' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    city.context.store.transaction(lambda connection: connection.exec_driver_sql(refuse))
    city.hears(message_event("audio", user("uno"), city.line.token_for(user("uno")), duration=1, note=WORDS))
    wait_until(lambda: _aside(city) == 1, 30)
    with httpx.Client(timeout=30) as visitor:
        city.context.store.transaction(
            lambda connection: connection.exec_driver_sql(
                "CREATE TRIGGER refuse_all BEFORE INSERT ON outbound BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
        assert city.says(f"雪かき {WORDS}", visitor).status_code == 500
        city.context.store.transaction(lambda connection: connection.exec_driver_sql("DROP TRIGGER refuse_all"))


def _aside(city: City) -> int:
    with city.context.store.reading() as connection:
        return count_dead_letters(connection)


def _staff_writes(city: City, client: DeskClient) -> None:
    colleague, _ = make_staff(city.context, "ito", Role.ADMIN)
    case = next(each for each in city.cases() if each.status is Status.WAITING and each.urgency is Route.EMERGENCY)
    path = f"/desk/cases/{case.number}"
    assert WORDS in client.get(path).text
    client.do(f"{path}/claim", case=case.id)
    client.do(f"{path}/answer", case=case.id, words=f"読みました {WORDS}")
    client.do(f"{path}/note", case=case.id, words=f"メモ {WORDS}")
    client.do(f"{path}/hand-over", case=case.id, to=colleague.id, words=f"引き継ぎ {WORDS}")
    _writes_privately(city, client)
    assert client.do(f"{path}/{urllib.parse.quote(ASCII)}", case=case.id).status_code == 404
    client.client.post("/desk/sign-in", data={"login": WORDS, "password": WORDS, "code": WORDS})


def _writes_privately(city: City, client: DeskClient) -> None:
    """Somebody on LINE gets a page of ours that opens once, and writes on it."""
    with city.context.store.reading() as connection:
        on_line = [each for each in city.cases() if channel_of(connection, each.resident) == "line"]
    case = next(each for each in on_line if each.status is Status.WAITING)
    path = f"/desk/cases/{case.number}"
    client.do(f"{path}/claim", case=case.id)
    client.do(f"{path}/answer", case=case.id, words=f"ここに書いてください {WORDS}", page="yes")
    wait_until(lambda: bool(_private_links(city)), 30)
    values = {"name": WORDS, "address": WORDS, "telephone": WORDS, "words": WORDS}
    assert httpx.post(_private_links(city)[0], data=values).status_code == httpx.codes.OK


def _private_links(city: City) -> list[str]:
    said = "\n".join(each.words for each in city.line.taken)
    return re.findall(r"http://127\.0\.0\.1:\d+/private/[\w-]+", said)


@pytest.mark.timeout(300)
def test_residents_words_are_nowhere_but_sealed_and_after_purge_nowhere(city: City, tmp_path: Path) -> None:
    with _staff(city) as client:
        _write_through_every_door(city)
        wait_until(lambda: len(city.cases()) >= 4, 30)
        _break_the_database(city)
        _staff_writes(city, client)
        wait_until(lambda: "緊急" in city.told() and bool(city.mail.letters), 30)
        watched = httpx.get(f"{city.url}/metrics").text + httpx.get(f"{city.url}/healthz").text
        for page in ("/desk", "/desk/queue", "/desk/audit", "/desk/state", "/desk/report", "/desk/report.csv"):
            watched += client.get(page).text
        _holds_the_words_sealed(city)
        city.run("doctor")
        city.run("cases")
        city.run("inbox")
        city.run("backup", str(tmp_path / "data" / "backup.db"))
        log = (tmp_path / "log").read_bytes()
        assert b"understanding_failed" in log
        assert b"RuntimeError" in log
        assert b"thread_ended" in log
        assert log.count(b"ValueError") >= 2, "the task that nobody asked for is told of"
        told = {"log": log, "told": city.told().encode(), "watched": watched.encode()}
        told["printed"] = "\n".join(city.printed).encode()
        told["addresses"] = "\n".join(re.findall(r"https?://\S+", city.told())).encode()
        assert told["addresses"]
        held = {name: found_in(content) for name, content in (told | city.files()).items()}
        assert {"bot.db", "bot.db-wal", "backup.db"} <= set(held)
        assert {name: how for name, how in held.items() if how} == {}
        _after_purge_nowhere(city)


def _holds_the_words_sealed(city: City) -> None:
    """The proof that the search looks in the right place: opened, the words are there."""
    keys = city.context.keys
    with city.context.store.reading() as connection:
        words = [text for case in city.cases() for text in read_case_words(connection, keys, case.id)]
    assert sum(WORDS in text for text in words) >= 3


def _after_purge_nowhere(city: City) -> None:
    store, now = city.context.store, city.context.clock()
    admin, _ = make_staff(city.context, "closer", Role.ADMIN)
    for case in city.cases():
        if case.status is Status.WAITING:
            claim(city.context, admin, case.id)
        close(city.context, admin, case.id, Reason.DONE)
    (city.folder / "backup.db").unlink()
    sealed = _sealed_canaries(city)
    assert len(sealed) > 10
    purge_kept(store, city.context.content.catalog.retention, now + timedelta(days=367))
    time.sleep(0.1)
    assert _sealed_canaries(city) == []
    left = b"".join(city.files().values())
    assert [value for value in sealed if value[4:24] in left] == []
    assert found_in(left) == []


def _sealed_canaries(city: City) -> list[bytes]:
    """Every sealed value that holds the canary when it is opened."""
    keys, found = city.context.keys, []
    with city.context.store.reading() as connection:
        for table, name in sealed_columns():
            for row in connection.execute(table.select().where(table.c[name].is_not(None))).mappings():
                opened = keys.open(SealedField(table.name, row[key_column(table)], name), row[name])
                if found_in(opened.encode()):
                    found.append(bytes(row[name]))
    return found


@pytest.mark.parametrize("half", [ASCII, JAPANESE])
def test_the_search_finds_every_writing(half: str) -> None:
    assert {name for name in writings() if name.startswith(half)} >= {f"{half} as UTF-8", f"{half} as base64 2"}
    for before in ("", "x", "xy", "前"):
        text = f"{before}{half}のあと"
        assert found_in(text.encode("utf-16"))
        assert found_in(json.dumps({"a": text}).encode())
        assert found_in(urllib.parse.quote(text).encode())
        assert found_in(base64.b64encode(text.encode()))
        assert found_in(base64.b64encode(text.encode("utf-16-le")))
        assert found_in(repr(text.encode()).encode())
    assert found_in(b"Canary bird") == []
