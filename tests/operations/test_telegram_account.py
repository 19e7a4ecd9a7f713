"""`telegram setup`, `telegram status` and `serve --telegram-polling` as an operator runs them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bot.storage.engine import open_store
from bot.storage.inbox.inbox_rows import oldest_waiting
from bot.storage.key_files import read_or_create_key
from bot.storage.migrate import migrate
from bot.storage.sealing import Keyring
from bot.storage.staff.staff_chat_rows import NewOffer, bind_chat, find_offer, offer_chat, write_offer
from tests.conftest import ROOT
from tests.support.line.line_bot import wait_until
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.servers import free_port, start_server
from tests.support.telegram.telegram_residents import SECRET, person, press, text
from tests.support.telegram.telegram_server import TOKEN, TelegramServer

HOOK = "https://bot.example.jp/webhooks/telegram"


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
    assert server.broken_rules == []


def run(folder: Path, telegram: TelegramServer, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_WEBHOOK_SECRET": f"{SECRET},an-older-one-0123456789",
        "TELEGRAM_API_URL": telegram.url,
        "PUBLIC_URL": "https://bot.example.jp",
    }
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, cwd=ROOT, env=environment | more, capture_output=True, text=True, check=False)


def test_setup_makes_it_right_and_drops_nothing(tmp_path: Path, telegram: TelegramServer) -> None:
    first = run(tmp_path, telegram, "telegram", "setup")
    assert first.returncode == 0, first.stderr
    assert telegram.webhook["url"] == HOOK
    assert telegram.webhook["secret_token"] == SECRET, "the newest"
    assert set(telegram.webhook["allowed_updates"]) == {
        "message", "edited_message", "callback_query", "my_chat_member",
    }  # fmt: skip
    assert telegram.webhook.get("drop_pending_updates") is not True, "an SOS may be among what waits"
    assert [each["command"] for each in telegram.commands] == ["start", "menu", "human", "stop", "help"]
    assert all(not each["description"].isascii() for each in telegram.commands)
    assert "already" in run(tmp_path, telegram, "telegram", "setup").stdout
    assert not (tmp_path / "bot.db").exists()


def test_status_says_what_is_right_and_what_is_wrong(tmp_path: Path, telegram: TelegramServer) -> None:
    before = run(tmp_path, telegram, "telegram", "status")
    assert before.returncode == 1
    assert "!!  webhook: none, expected" in before.stdout
    run(tmp_path, telegram, "telegram", "setup")
    after = run(tmp_path, telegram, "telegram", "status")
    assert after.returncode == 0, after.stdout
    for what in ("token", "webhook", "updates", "secret", "pending", "last error", "privacy mode", "last event"):
        assert f"  {what}: " in after.stdout
    noon = int(TUESDAY_NOON.timestamp())
    telegram.webhook |= {"last_error_date": noon, "last_error_message": "Wrong response: 401 Unauthorized"}
    telegram.webhook["allowed_updates"] = ["message"]
    telegram.pending = [{"update_id": number} for number in range(30)]
    said = run(tmp_path, telegram, "telegram", "status").stdout
    assert "!!  updates: message" in said
    assert "!!  pending: 30 updates" in said
    assert "401 Unauthorized  -> a 401 means another secret" in said
    assert TOKEN.partition(":")[2] not in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("member", "found"),
    [
        ({"status": "member"}, "ok  staff group 1: member"),
        ({"status": "left"}, "!!  staff group 1: left"),
        ({"status": "restricted", **dict.fromkeys(("can_send_messages",), False)}, "may not write"),
    ],
)
def test_status_looks_at_the_rights_in_staff_groups(
    tmp_path: Path, telegram: TelegramServer, member: dict[str, object], found: str
) -> None:
    if member["status"] == "restricted":
        member = dict.fromkeys(_RIGHTS, False) | {"is_member": True, "until_date": 0} | member
    telegram.members[-77] = member
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    migrate(store)
    keys = Keyring([bytes.fromhex(read_or_create_key(tmp_path / "keys", "content")[0])])
    with store.writer.begin() as connection:
        offer_chat(connection, NewOffer("telegram", "", "code", TUESDAY_NOON), TUESDAY_NOON)
        chat = find_offer(connection, "telegram", "code", TUESDAY_NOON.replace(hour=1))
        assert chat
        write_offer(connection, keys, chat, "lane", "-77")
        bind_chat(connection, chat)
    store.close()
    run(tmp_path, telegram, "telegram", "setup")
    status = run(tmp_path, telegram, "telegram", "status")
    assert found in status.stdout, status.stderr
    assert status.returncode == (0 if member["status"] == "member" else 1)


_RIGHTS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
    "can_edit_tag", "can_react_to_messages",
)  # fmt: skip


def test_status_with_a_wrong_token_and_without_telegram(tmp_path: Path, telegram: TelegramServer) -> None:
    wrong = run(tmp_path, telegram, "telegram", "status", TELEGRAM_BOT_TOKEN="1:wrong")  # noqa: S106 -- nobody's
    assert wrong.returncode == 1
    assert "!!  token: not taken" in wrong.stdout
    setup = run(tmp_path, telegram, "telegram", "setup", TELEGRAM_API_URL="http://127.0.0.1:9")
    assert setup.returncode == 2
    assert "Traceback" not in wrong.stderr + setup.stderr
    assert TOKEN not in setup.stderr


@pytest.mark.parametrize(
    ("command", "setting", "said"),
    [
        (("telegram", "status"), {"TELEGRAM_BOT_TOKEN": ""}, "TELEGRAM_BOT_TOKEN is missing"),
        (("telegram", "status"), {"TELEGRAM_BOT_TOKEN": "x"}, "TELEGRAM_BOT_TOKEN is no token"),
        (("telegram", "status"), {"TELEGRAM_WEBHOOK_SECRET": "short"}, "TELEGRAM_WEBHOOK_SECRET is not"),
        (("telegram", "status"), {"TELEGRAM_WEBHOOK_SECRET": ""}, "TELEGRAM_WEBHOOK_SECRET"),
        (("telegram", "status"), {"PUBLIC_URL": "http://x"}, "PUBLIC_URL is missing, or no https"),
        (("telegram", "status"), {"TELEGRAM_API_URL": "ftp://x"}, "TELEGRAM_API_URL"),
        (("serve",), {"TELEGRAM_WEBHOOK_SECRET": ""}, "TELEGRAM_WEBHOOK_SECRET is missing"),
        (("serve", "--telegram-polling"), {"TELEGRAM_BOT_TOKEN": "", "TELEGRAM_WEBHOOK_SECRET": ""}, "needs TELEGRAM"),
    ],
)
def test_half_an_account_refuses_to_start(
    tmp_path: Path, telegram: TelegramServer, command: tuple[str, ...], setting: dict[str, str], said: str
) -> None:
    refused = run(tmp_path, telegram, *command, **setting)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert SECRET not in refused.stderr


def test_polling_refuses_where_telegram_posts(tmp_path: Path, telegram: TelegramServer) -> None:
    run(tmp_path, telegram, "telegram", "setup")
    refused = run(tmp_path, telegram, "serve", "--telegram-polling")
    assert refused.returncode == 2
    assert f"Telegram posts to {HOOK} now" in refused.stderr


@pytest.fixture
def laptop(tmp_path: Path, telegram: TelegramServer) -> Iterator[Callable[[], str]]:
    """Starts a server that fetches its updates; its address."""
    servers = []

    def begin() -> str:
        port = free_port()
        more = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
        servers.append(start_server(tmp_path, port, more, "--telegram-polling"))
        return f"http://127.0.0.1:{port}"

    yield begin
    for server in servers:
        server.terminate()
        server.wait(timeout=20)


def test_a_laptop_fetches_its_updates_and_answers(
    tmp_path: Path, telegram: TelegramServer, laptop: Callable[[], str]
) -> None:
    telegram.pending = [
        text("雪かきができない"),
        {"update_id": 2_000_000, "message": {"poison": 1}},
        press("menu", "ito"),
    ]
    telegram.pending[2]["update_id"] = 2_000_001
    address = laptop()
    wait_until(lambda: len(telegram.taken) == 2, 60)
    assert any("施策13" in each.text for each in telegram.to(person("sato")))
    assert any("どんなことですか" in each.text for each in telegram.to(person("ito")))
    wait_until(lambda: telegram.pending == [])
    assert telegram.confirmed == 2_000_002
    assert "typing" in telegram.actions
    assert len(telegram.toasts) == 1
    assert httpx.post(f"{address}/webhooks/telegram", content=b"{}").status_code in {404, 405}
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    with store.reading() as connection:
        assert oldest_waiting(connection) is None
    store.close()
