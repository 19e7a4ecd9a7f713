"""A fake Bot API on loopback that enforces Telegram's rules and can fail in every way Telegram can.

Every call is checked against Telegram's limits and, if its specification is available, its fields (`telegram_rules`).
Telegram has no idempotency key: a message sent twice is accepted twice.
"""

import asyncio
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.support.manual_clock import platform_time
from tests.support.running_app import RunningApp
from tests.support.telegram.telegram_rules import faults_of

Json = dict[str, Any]
TOKEN = "123456789:a-token-of-nobody-0123456789abcdef"  # noqa: S105 -- of a bot that does not exist
BOT_ID = 123456789


class Fault(StrEnum):
    """Failure of one call that sends something."""

    NONE = "nothing"
    FLOOD = "429 with retry_after"
    BEFORE = "502 of the machine in front, in HTML, nothing taken"
    AFTER = "taken, then 500"
    DROP_BEFORE = "the line goes dead, nothing taken"
    DROP_AFTER = "taken, then the line goes dead"
    SLOW = "taken, answered late"
    REFUSED = "400 for what is in the message"
    KICKED = "403"
    SILENCED = "400: no right to write there"
    LOCKED = "401"


@dataclass(frozen=True)
class Taken:
    """A message that Telegram accepted, after its latest edit."""

    chat: int
    id: int
    text: str
    at: float
    buttons: tuple[tuple[str, str], ...] = ()
    entities: tuple[Json, ...] = ()
    edits: int = 0

    @property
    def words(self) -> str:
        """All texts in it, for searching."""
        return "\n".join((self.text, *(label for label, _ in self.buttons), *(data for _, data in self.buttons)))


@dataclass
class TelegramServer:
    """State of the fake Telegram; `with TelegramServer() as telegram:` serves it at `telegram.url`."""

    url: str = ""
    slow_seconds: float = 8.0
    retry_after: int = 2
    taken: list[Taken] = field(default_factory=list)
    calls: list[tuple[str, int, str]] = field(default_factory=list)
    toasts: dict[str, str] = field(default_factory=dict)
    old_presses: bool = False
    left: list[int] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    members: dict[int, Json] = field(default_factory=dict)
    webhook: Json = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    pending: list[Json] = field(default_factory=list)
    confirmed: int = 0
    actions: list[str] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    away: bool = False
    _faults: deque[Fault] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- for tests -------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._running = RunningApp(
            Starlette(routes=[Route("/bot{token:str}/{method:str}", self._call, methods=["GET", "POST"])])
        ).__enter__()
        self.url = self._running.url
        return self

    def __exit__(self, *details: object) -> None:
        self._running.__exit__(*details)

    def fail(self, *faults: Fault) -> None:
        """Make the next calls that send something fail, one fault each, in order."""
        self._faults.extend(faults)

    def wait_for(self, count: int, seconds: float = 20) -> list[Taken]:
        """Wait until `count` messages were accepted; returns all accepted ones. Fails after `seconds`."""
        until = time.monotonic() + seconds
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} came: {self.calls[-5:]}"
            time.sleep(0.02)
        return list(self.taken)

    def wait_until_quiet(self, seconds: float = 2.0) -> list[Taken]:
        """Wait until no call has come for `seconds`; returns all accepted messages."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            if len(self.calls) != seen:
                seen, since = len(self.calls), time.monotonic()
            time.sleep(0.05)
        return list(self.taken)

    def to(self, chat: int) -> list[Taken]:
        """Messages accepted for one chat."""
        return [message for message in self.taken if message.chat == chat]

    # --- Telegram's API --------------------------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        method, values = request.path_params["method"], await _values(request)
        if self.away:
            raise ConnectionAbortedError
        if request.path_params["token"] != TOKEN:
            return _refused(401, "Unauthorized")
        self.broken_rules += faults_of(method, values)
        answer = getattr(self, f"_{method.lower()}", None)
        if answer is None:
            return _refused(404, "Not Found: method not found")
        if method not in {"sendMessage", "editMessageText", "answerCallbackQuery", "leaveChat"}:
            return JSONResponse({"ok": True, "result": await answer(values)})
        return await self._with_faults(method, values, answer)

    async def _with_faults(self, method: str, values: Json, take: Any) -> Response:
        fault = self._faults.popleft() if self._faults else None
        chat = int(values.get("chat_id", 0))
        answer = self._early(fault) or self._refusal(chat)
        if answer is None and fault is not Fault.DROP_BEFORE:
            answer = await take(values)
        self.calls.append((method, chat, str(fault or "")))
        if fault is Fault.SLOW:
            await asyncio.sleep(self.slow_seconds)
        if answer is None or fault is Fault.DROP_AFTER:
            raise ConnectionAbortedError  # `RunningApp` drops the connection
        return _refused(500, "Internal Server Error") if fault is Fault.AFTER else answer

    def _early(self, fault: Fault | None) -> Response | None:
        flood = _refused(429, f"Too Many Requests: retry after {self.retry_after}", retry_after=self.retry_after)
        answers = {
            Fault.FLOOD: flood,
            Fault.BEFORE: HTMLResponse("<html><center>502 Bad Gateway</center></html>", 502),
            Fault.REFUSED: _refused(400, "Bad Request: can't parse entities"),
            Fault.KICKED: _refused(403, "Forbidden: bot was kicked from the supergroup chat"),
            Fault.SILENCED: _refused(400, "Bad Request: not enough rights to send text messages to the chat"),
            Fault.LOCKED: _refused(401, "Unauthorized"),
        }
        return answers.get(fault) if fault else None

    def _refusal(self, chat: int) -> Response | None:
        if chat in self.moved:
            to = self.moved[chat]
            return _refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=to)
        return _refused(403, "Forbidden: bot was blocked by the user") if chat in self.blocked else None

    async def _sendmessage(self, values: Json) -> Response:
        with self._lock:
            taken = _taken(values, len(self.taken) + 1)
            self.taken.append(taken)
        return _sent(taken)

    async def _editmessagetext(self, values: Json) -> Response:
        number = int(values["message_id"])
        chat = int(values["chat_id"])
        earlier = next((message for message in self.taken if message.id == number and message.chat == chat), None)
        if earlier is None:
            return _refused(400, "Bad Request: message to edit not found")
        changed = replace(_taken(values, number), edits=earlier.edits + 1, at=earlier.at)
        if (changed.text, changed.buttons) == (earlier.text, earlier.buttons):
            return _refused(400, "Bad Request: message is not modified")
        self.taken[number - 1] = changed
        return _sent(changed)

    async def _answercallbackquery(self, values: Json) -> Response:
        press = values["callback_query_id"]
        if self.old_presses or press in self.toasts:
            return _refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.toasts[press] = values.get("text", "")
        return JSONResponse({"ok": True, "result": True})

    async def _leavechat(self, values: Json) -> Response:
        self.left.append(int(values["chat_id"]))
        return JSONResponse({"ok": True, "result": True})

    async def _sendchataction(self, values: Json) -> bool:
        self.actions.append(values["action"])
        return True

    async def _getme(self, _values: Json) -> Json:
        return {"id": BOT_ID, "is_bot": True, "first_name": "小樽市", "username": "otaru_bot", "can_join_groups": True}

    async def _setwebhook(self, values: Json) -> bool:
        if values.get("drop_pending_updates"):
            self.broken_rules.append("setWebhook: pending updates dropped: an SOS may be among them")
        self.webhook = values
        return True

    async def _getwebhookinfo(self, _values: Json) -> Json:
        hook = self.webhook
        info = {"url": hook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(self.pending)}
        errors = {key: hook[key] for key in ("last_error_date", "last_error_message") if key in hook}
        return info | errors | ({"allowed_updates": hook["allowed_updates"]} if "allowed_updates" in hook else {})

    async def _getmycommands(self, _values: Json) -> list[Json]:
        return self.commands

    async def _setmycommands(self, values: Json) -> bool:
        self.commands = values["commands"]
        return True

    async def _getchatmember(self, values: Json) -> Json:
        user = {"id": BOT_ID, "is_bot": True, "first_name": "b"}
        return {"user": user} | self.members.get(int(values["chat_id"]), {"status": "member"})

    async def _getupdates(self, values: Json) -> list[Json]:
        self.confirmed = max(self.confirmed, int(values.get("offset", 0)))
        self.pending = [update for update in self.pending if update["update_id"] >= self.confirmed]
        if not self.pending:
            await asyncio.sleep(0.1)
        return self.pending


async def _values(request: Request) -> Json:
    """Parameters of a call, sent as a form (by the SDK) or as JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        values: Json = await request.json()
        return values
    return {key: _value(key, str(value)) for key, value in (await request.form()).items()}


_TEXTS = frozenset({"text", "chat_id", "callback_query_id", "secret_token", "url", "action"})


def _value(key: str, value: str) -> Any:
    if key in _TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _taken(values: Json, number: int) -> Taken:
    rows = values.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = tuple((button["text"], button["callback_data"]) for row in rows for button in row)
    return Taken(
        int(values["chat_id"]), number, values["text"], time.monotonic(), buttons, tuple(values.get("entities", ()))
    )


def _sent(taken: Taken) -> Response:
    chat = {"id": taken.chat, "type": "private" if taken.chat > 0 else "group"}
    message = {"message_id": taken.id, "date": int(platform_time()), "chat": chat, "text": taken.text}
    return JSONResponse({"ok": True, "result": message})


def _refused(status: int, words: str, **parameters: int) -> Response:
    body: Json = {"ok": False, "error_code": status, "description": words}
    return JSONResponse(body | ({"parameters": parameters} if parameters else {}), status)
