"""A fake LINE API on loopback that enforces LINE's rules and can fail in every way LINE can.

Reply tokens work once and for a minute; a retry key is rejected on a reply and answered 409 when repeated; every
message object is checked against LINE's limits (`line_rules`).
"""

import asyncio
import random
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.line.line_residents import BOT, SECRET, body_of, post
from tests.support.line.line_rules import faults_of_menu, faults_of_messages, faults_of_picture
from tests.support.running_app import RunningApp

Json = dict[str, Any]
TOKEN_LIVES, KEY_LIVES, STATELESS_LIVES = 60.0, 24 * 3600.0, 900.0
CHANNEL_ID, LONG_LIVED = "1234567890", "a-long-lived-token"


class Fault(StrEnum):
    """Failure of one request."""

    BEFORE = "500, nothing taken"
    AFTER = "taken, then 500"
    INSTEAD = "503 that is no UTF-8, nothing taken"
    DROP_BEFORE = "the line goes dead, nothing taken"
    DROP_AFTER = "taken, then the line goes dead"
    SLOW = "taken, answered late"
    RATE = "429 of the rate"
    RATE_UNNAMED = "429 in words that nobody knows"
    LOCKED = "401"


@dataclass(frozen=True)
class Taken:
    """Messages that LINE accepted in one request. `delivered` is False if the resident has blocked the bot."""

    way: str
    to: str
    messages: list[Json]
    key: str = ""
    delivered: bool = True

    @property
    def words(self) -> str:
        """All texts in them, for searching."""
        return "\n".join(_strings(self.messages))


@dataclass
class _Token:
    to: str
    issued_at: float
    used: bool = False


@dataclass
class LineServer:
    """State of the fake LINE; `with LineServer() as line:` serves it at `line.url`."""

    quota: int | None = None
    used: int = 0
    slow_seconds: float = 3.0
    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    menus: dict[str, Json] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    default_menu: str = ""
    webhook: str = ""
    chat_mode: str = "bot"
    blocked: set[str] = field(default_factory=set)
    refuse_cards: bool = False
    _tokens: dict[str, _Token] = field(default_factory=dict)
    _keys: dict[str, tuple[float, list[Json]]] = field(default_factory=dict)
    _bearers: dict[str, float] = field(default_factory=dict)
    _faults: deque[Fault] = field(default_factory=deque)
    _random: tuple[random.Random, float, list[Fault]] | None = None
    _offset: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- for tests -------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._running = RunningApp(self._app()).__enter__()
        self.url = self._running.url
        return self

    def __exit__(self, *details: object) -> None:
        self._running.__exit__(*details)

    def token_for(self, to: str) -> str:
        """Issue a reply token for an event of this user or group."""
        token = uuid.uuid4().hex
        with self._lock:
            self._tokens[token] = _Token(to, self._now())
        return token

    def fail(self, *faults: Fault) -> None:
        """Make the next requests to send or leave fail, one fault each, in order."""
        self._faults.extend(faults)

    def fail_often(self, share: float, faults: Iterable[Fault], seed: int = 1) -> None:
        """Make requests to send or leave fail with probability `share`."""
        self._random = (random.Random(seed), share, list(faults))  # noqa: S311 -- repeatable, no secret

    def later(self, seconds: float) -> None:
        """Advance LINE's clock."""
        self._offset += seconds

    def wait_for(self, count: int, seconds: float = 15) -> list[Taken]:
        """Wait until `count` messages were accepted; returns all accepted ones. Fails after `seconds`."""
        until = time.monotonic() + seconds
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} came: {self.calls[-5:]}"
            time.sleep(0.02)
        return list(self.taken)

    def wait_until_quiet(self, seconds: float = 3.0) -> list[Taken]:
        """Wait until no request has come for `seconds`; returns all accepted messages."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            if len(self.calls) != seen:
                seen, since = len(self.calls), time.monotonic()
            time.sleep(0.05)
        return list(self.taken)

    def doubled(self, way: str) -> dict[tuple[str, str], int]:
        """Messages accepted more than once this way, with counts: the same text to the same recipient."""
        counts = Counter((taken.to, taken.words) for taken in self.taken if taken.way == way)
        return {what: count for what, count in counts.items() if count > 1}

    # --- LINE's API ------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return time.monotonic() + self._offset

    def _app(self) -> Starlette:
        bot = "/v2/bot"
        return Starlette(
            routes=[
                Route("/oauth2/v3/token", self._issue, methods=["POST"]),
                Route(f"{bot}/message/reply", self._reply, methods=["POST"]),
                Route(f"{bot}/message/push", self._push, methods=["POST"]),
                Route(f"{bot}/message/quota", self._quota),
                Route(f"{bot}/message/quota/consumption", self._consumption),
                Route(f"{bot}/info", self._info),
                Route(f"{bot}/channel/webhook/endpoint", self._endpoint, methods=["GET", "PUT"]),
                Route(f"{bot}/channel/webhook/test", self._test, methods=["POST"]),
                Route(f"{bot}/{{kind:str}}/{{place:str}}/leave", self._leave, methods=["POST"]),
                Route(f"{bot}/richmenu", self._make_menu, methods=["POST"]),
                Route(f"{bot}/richmenu/list", self._list_menus),
                Route(f"{bot}/richmenu/alias", self._make_alias, methods=["POST"]),
                Route(f"{bot}/richmenu/alias/list", self._list_aliases),
                Route(f"{bot}/richmenu/alias/{{alias}}", self._move_alias, methods=["POST"]),
                Route(f"{bot}/richmenu/{{menu}}", self._drop_menu, methods=["DELETE"]),
                Route(f"{bot}/richmenu/{{menu}}/content", self._picture, methods=["POST"]),
                Route(f"{bot}/user/all/richmenu", self._default),
                Route(f"{bot}/user/all/richmenu/{{menu}}", self._set_default, methods=["POST"]),
            ]
        )

    async def _issue(self, request: Request) -> Response:
        form = await request.form()
        if form.get("client_id") != CHANNEL_ID or form.get("client_secret") != SECRET:
            return JSONResponse({"error": "invalid_client"}, 400)
        token = uuid.uuid4().hex
        self._bearers[token] = self._now() + STATELESS_LIVES
        self.calls.append(("token", "", 200))
        return JSONResponse({"token_type": "Bearer", "access_token": token, "expires_in": int(STATELESS_LIVES)})

    def _refusal(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token == LONG_LIVED or self._bearers.get(token, 0) > self._now():
            return None
        return JSONResponse({"message": "Authentication failed"}, 401)

    async def _reply(self, request: Request) -> Response:
        body = await request.json()
        if "x-line-retry-key" in request.headers:
            self.broken_rules.append("a retry key on a reply")
            return JSONResponse({"message": "The retry key is not allowed"}, 400)
        return await self._with_faults(request, lambda: self._take_reply(body), body)

    def _take_reply(self, body: Json) -> Response:
        token = self._tokens.get(body.get("replyToken", ""))
        if token is None or token.used or self._now() - token.issued_at > TOKEN_LIVES:
            return JSONResponse({"message": "Invalid reply token"}, 400)
        token.used = True
        self.taken.append(Taken("reply", token.to, body["messages"]))
        return _sent(body["messages"])

    async def _push(self, request: Request) -> Response:
        body, key = await request.json(), request.headers.get("x-line-retry-key", "")
        return await self._with_faults(request, lambda: self._take_push(body, key), body)

    def _take_push(self, body: Json, key: str) -> Response:
        known = self._keys.get(key)
        if known and self._now() - known[0] < KEY_LIVES:
            message = {"message": "The retry key is already accepted", "sentMessages": known[1]}
            return JSONResponse(message, 409, {"x-line-accepted-request-id": "x"})
        if self.quota is not None and self.used >= self.quota:
            return JSONResponse({"message": "You have reached your monthly limit."}, 429)
        if not key:
            self.broken_rules.append("a push without a retry key")
        self.used += 1
        self._keys[key] = (self._now(), [{"id": "1"}])
        self.taken.append(Taken("push", body["to"], body["messages"], key, body["to"] not in self.blocked))
        return _sent(body["messages"])

    async def _leave(self, request: Request) -> Response:
        place = request.path_params["place"]

        def leave() -> Response:
            if place in self.left:
                return JSONResponse({"message": "Not found"}, 404)
            self.left.append(place)
            return JSONResponse({})

        return await self._with_faults(request, leave, None)

    async def _with_faults(self, request: Request, take: Any, body: Json | None) -> Response:
        """Handle one request with the next ordered fault."""
        fault = self._next_fault()
        status = await self._respond(request, take, body, fault)
        self.calls.append((request.url.path.rsplit("/", 1)[-1], str(fault or ""), status.status_code))
        if fault in {Fault.DROP_BEFORE, Fault.DROP_AFTER}:
            raise ConnectionAbortedError  # `RunningApp` drops the connection
        return status

    async def _respond(self, request: Request, take: Any, body: Json | None, fault: Fault | None) -> Response:
        early = {
            Fault.BEFORE: JSONResponse({"message": "Internal"}, 500),
            Fault.INSTEAD: Response(b"\xff\xfe\x80", 503),
            Fault.DROP_BEFORE: Response(status_code=0),
            Fault.RATE: JSONResponse({"message": "The API rate limit has been exceeded. Try again later."}, 429),
            Fault.RATE_UNNAMED: JSONResponse({"message": "Too much"}, 429),
            Fault.LOCKED: JSONResponse({"message": "Authentication failed"}, 401),
        }
        if fault in early:
            return early[fault]
        answer = self._refusal(request) or self._bad_objects(body) or take()
        if fault is Fault.SLOW:
            await asyncio.sleep(self.slow_seconds)
        return JSONResponse({"message": "Internal"}, 500) if fault is Fault.AFTER else answer

    def _bad_objects(self, body: Json | None) -> Response | None:
        """LINE's error for invalid messages; it uses up neither reply token nor retry key."""
        if body is None:
            return None
        faults = faults_of_messages(body)
        if self.refuse_cards and any(message["type"] == "flex" for message in body["messages"]):
            faults = ["messages[0]: refused by order"]
        else:
            self.broken_rules += faults
        details = [{"message": fault, "property": fault.partition(":")[0]} for fault in faults]
        message = f"The request body has {len(faults)} error(s)"
        return JSONResponse({"message": message, "details": details}, 400) if faults else None

    def _next_fault(self) -> Fault | None:
        if self._faults:
            return self._faults.popleft()
        if self._random and self._random[0].random() < self._random[1]:
            return self._random[0].choice(self._random[2])
        return None

    async def _quota(self, request: Request) -> Response:
        kind = {"type": "none"} if self.quota is None else {"type": "limited", "value": self.quota}
        return self._refusal(request) or JSONResponse(kind)

    async def _consumption(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"totalUsage": self.used})

    async def _info(self, request: Request) -> Response:
        info = {"userId": BOT, "basicId": "@otaru", "displayName": "小樽市", "chatMode": self.chat_mode}
        return self._refusal(request) or JSONResponse(info | {"markAsReadMode": "auto"})

    async def _endpoint(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        if request.method == "PUT":
            self.webhook = (await request.json())["endpoint"]
            return JSONResponse({})
        if not self.webhook:
            return JSONResponse({"message": "Not found"}, 404)
        return JSONResponse({"endpoint": self.webhook, "active": True})

    async def _test(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        endpoint = (await request.json()).get("endpoint", self.webhook)
        try:
            status = await asyncio.to_thread(post, endpoint.removesuffix("/webhooks/line"), body_of())
        except OSError:
            status = 0
        reason = "OK" if status == 200 else "ERROR_STATUS_CODE"
        result = {"success": status == 200, "statusCode": status, "reason": reason, "detail": str(status)}
        return JSONResponse(result | {"timestamp": "2026-11-24T12:00:00Z"})

    async def _make_menu(self, request: Request) -> Response:
        body = await request.json()
        if faults := faults_of_menu(body):
            self.broken_rules += faults
            return JSONResponse({"message": faults[0]}, 400)
        menu = f"richmenu-{uuid.uuid4().hex}"
        self.menus[menu] = body
        return self._refusal(request) or JSONResponse({"richMenuId": menu})

    async def _list_menus(self, request: Request) -> Response:
        menus = [{"richMenuId": menu, **body} for menu, body in self.menus.items()]
        return self._refusal(request) or JSONResponse({"richmenus": menus})

    async def _drop_menu(self, request: Request) -> Response:
        self.menus.pop(request.path_params["menu"], None)
        return self._refusal(request) or JSONResponse({})

    async def _picture(self, request: Request) -> Response:
        menu, picture = request.path_params["menu"], await request.body()
        if faults := faults_of_picture(picture, request.headers.get("content-type", ""), self.menus[menu]):
            self.broken_rules += faults
            return JSONResponse({"message": faults[0]}, 400)
        self.pictures[menu] = picture
        return self._refusal(request) or JSONResponse({})

    async def _make_alias(self, request: Request) -> Response:
        body = await request.json()
        self.aliases[body["richMenuAliasId"]] = body["richMenuId"]
        return self._refusal(request) or JSONResponse({})

    async def _list_aliases(self, request: Request) -> Response:
        aliases = [{"richMenuAliasId": alias, "richMenuId": menu} for alias, menu in self.aliases.items()]
        return self._refusal(request) or JSONResponse({"aliases": aliases})

    async def _move_alias(self, request: Request) -> Response:
        self.aliases[request.path_params["alias"]] = (await request.json())["richMenuId"]
        return self._refusal(request) or JSONResponse({})

    async def _default(self, request: Request) -> Response:
        if not self.default_menu:
            return JSONResponse({"message": "no default richmenu"}, 404)
        return self._refusal(request) or JSONResponse({"richMenuId": self.default_menu})

    async def _set_default(self, request: Request) -> Response:
        self.default_menu = request.path_params["menu"]
        return self._refusal(request) or JSONResponse({})


def _sent(messages: list[Json]) -> Response:
    return JSONResponse({"sentMessages": [{"id": str(number), "quoteToken": "q"} for number, _ in enumerate(messages)]})


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in inner for text in _strings(item)]
