"""LINE as the bot sees it: a server on loopback that keeps LINE's rules and can fail in every way LINE can.

Reply tokens work once and for a minute; a retry key is refused on a reply and answered 409 when it comes again; every
message object is held against LINE's limits (`line_rules`) and, where LINE's specification is at hand, its schemas.
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
    """What can go wrong with one request."""

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
    """Messages that LINE took. `delivered` is False where the resident has blocked the bot."""

    way: str
    to: str
    messages: list[Json]
    key: str = ""
    delivered: bool = True

    @property
    def words(self) -> str:
        """Every word in them, for a test to look for."""
        return "\n".join(_strings(self.messages))


@dataclass
class _Token:
    to: str
    issued_at: float
    used: bool = False


@dataclass
class LineServer:
    """Everything LINE knows; `with LineServer() as line:` runs it on `line.url`."""

    quota: int | None = None
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
    _used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- what a test does ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._running = RunningApp(self._app()).__enter__()
        self.url = self._running.url
        return self

    def __exit__(self, *details: object) -> None:
        self._running.__exit__(*details)

    def token_for(self, to: str) -> str:
        """A reply token for an event of this person or group, issued now."""
        token = uuid.uuid4().hex
        with self._lock:
            self._tokens[token] = _Token(to, self._now())
        return token

    def fail(self, *faults: Fault) -> None:
        """The next requests to send or leave fail so, one after the other."""
        self._faults.extend(faults)

    def fail_often(self, share: float, faults: Iterable[Fault], seed: int = 1) -> None:
        """Each such request fails with this probability, until `share` is set to 0."""
        self._random = (random.Random(seed), share, list(faults))  # noqa: S311 -- repeatable, no secret

    def later(self, seconds: float) -> None:
        """LINE's clock goes forward."""
        self._offset += seconds

    def wait_for(self, count: int, seconds: float = 15) -> list[Taken]:
        """Until so many were taken; what was. Fails when they do not come."""
        until = time.monotonic() + seconds
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} came: {self.calls[-5:]}"
            time.sleep(0.02)
        return list(self.taken)

    def wait_until_quiet(self, seconds: float = 3.0) -> list[Taken]:
        """Until nothing new has come for so long; what came."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            if len(self.calls) != seen:
                seen, since = len(self.calls), time.monotonic()
            time.sleep(0.05)
        return list(self.taken)

    def doubled(self, way: str) -> dict[tuple[str, str], int]:
        """What was taken this way more than once: the same words to the same person."""
        counts = Counter((each.to, each.words) for each in self.taken if each.way == way)
        return {what: count for what, count in counts.items() if count > 1}

    # --- what LINE does --------------------------------------------------------------------------------------

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
        if self.quota is not None and self._used >= self.quota:
            return JSONResponse({"message": "You have reached your monthly limit."}, 429)
        if not key:
            self.broken_rules.append("a push without a retry key")
        self._used += 1
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
        """One request, with what was ordered to go wrong."""
        fault = self._next_fault()
        status = await self._suffer(request, take, body, fault)
        self.calls.append((request.url.path.rsplit("/", 1)[-1], str(fault or ""), status.status_code))
        if fault in {Fault.DROP_BEFORE, Fault.DROP_AFTER}:
            raise ConnectionAbortedError  # `RunningApp` cuts the line instead of answering
        return status

    async def _suffer(self, request: Request, take: Any, body: Json | None, fault: Fault | None) -> Response:
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
        """LINE's error for messages that break its rules: neither token nor key is used up by it."""
        if body is None:
            return None
        found = faults_of_messages(body)
        if self.refuse_cards and any(message["type"] == "flex" for message in body["messages"]):
            found = ["messages[0]: refused by order"]
        else:
            self.broken_rules += found
        details = [{"message": fault, "property": fault.partition(":")[0]} for fault in found]
        message = f"The request body has {len(found)} error(s)"
        return JSONResponse({"message": message, "details": details}, 400) if found else None

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
        return self._refusal(request) or JSONResponse({"totalUsage": self._used})

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
        if found := faults_of_menu(body):
            self.broken_rules += found
            return JSONResponse({"message": found[0]}, 400)
        menu = f"richmenu-{uuid.uuid4().hex}"
        self.menus[menu] = body
        return self._refusal(request) or JSONResponse({"richMenuId": menu})

    async def _list_menus(self, request: Request) -> Response:
        found = [{"richMenuId": menu, **body} for menu, body in self.menus.items()]
        return self._refusal(request) or JSONResponse({"richmenus": found})

    async def _drop_menu(self, request: Request) -> Response:
        self.menus.pop(request.path_params["menu"], None)
        return self._refusal(request) or JSONResponse({})

    async def _picture(self, request: Request) -> Response:
        menu, picture = request.path_params["menu"], await request.body()
        if found := faults_of_picture(picture, request.headers.get("content-type", ""), self.menus[menu]):
            self.broken_rules += found
            return JSONResponse({"message": found[0]}, 400)
        self.pictures[menu] = picture
        return self._refusal(request) or JSONResponse({})

    async def _make_alias(self, request: Request) -> Response:
        body = await request.json()
        self.aliases[body["richMenuAliasId"]] = body["richMenuId"]
        return self._refusal(request) or JSONResponse({})

    async def _list_aliases(self, request: Request) -> Response:
        found = [{"richMenuAliasId": alias, "richMenuId": menu} for alias, menu in self.aliases.items()]
        return self._refusal(request) or JSONResponse({"aliases": found})

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
    return [text for each in inner for text in _strings(each)]
