"""Updates fetched instead of posted: for a laptop without a public address. They go through the same door."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import structlog
from pydantic import SecretStr

from bot.channels.loose_json import Json
from bot.channels.telegram.telegram_door import ALLOWED_UPDATES

log = structlog.get_logger()

Take = Callable[[bytes], Awaitable[Json | None]]
"""Keeps an update; what Telegram is asked to do at once. Raises what the database raises: then it was not kept."""

_LONG_POLL = 25
_AFTER_A_FAULT = 3.0


class TelegramPolling:
    """Fetches what is pending, and tells Telegram that it has it only when it is kept."""

    def __init__(self, api_url: str, token: SecretStr) -> None:
        self._base = f"{api_url}/bot"
        self._token = token
        self._next = 0

    async def run(self, take: Take) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=_LONG_POLL + 10)) as client:
            while True:
                try:
                    await self._fetch(client, take)
                except Exception as error:  # noqa: BLE001 -- whatever fails, here or there: what is not kept comes again
                    log.error("polling_failed", error=type(error).__name__)
                    await asyncio.sleep(_AFTER_A_FAULT)

    async def webhook(self) -> str:
        """The address that Telegram posts to now; empty where there is none, or where Telegram does not tell."""
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                return str((await self._call(client, "getWebhookInfo", {})).get("url", ""))
        except (httpx.HTTPError, ValueError):
            return ""

    async def _fetch(self, client: httpx.AsyncClient, take: Take) -> None:
        wanted = {"offset": self._next, "timeout": _LONG_POLL, "allowed_updates": list(ALLOWED_UPDATES)}
        for update in await self._call(client, "getUpdates", wanted):
            ask = await take(json.dumps(update).encode())
            self._next = int(update["update_id"]) + 1
            if ask:
                with suppress(httpx.HTTPError, ValueError):  # a courtesy: a press may be too old by now
                    await self._call(client, ask["method"], {name: ask[name] for name in ask if name != "method"})

    async def _call(self, client: httpx.AsyncClient, method: str, values: Json) -> Any:  # noqa: ANN401 -- whatever Telegram answers
        """What Telegram answers. Raises ValueError where it refuses, without the address, which holds the token."""
        answer = await client.post(f"{self._base}{self._token.get_secret_value()}/{method}", json=values)
        body = answer.json()
        if not body.get("ok"):
            message = f"Telegram answered {answer.status_code}"
            raise ValueError(message)
        return body["result"]
