"""Long polling instead of the webhook, for a laptop without a public address; updates are read in the same way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import structlog
from pydantic import SecretStr

from bot.channels.loose_json import Json
from bot.channels.telegram.telegram_webhook import ALLOWED_UPDATES

log = structlog.get_logger()

StoreUpdate = Callable[[bytes], Awaitable[Json | None]]
"""Stores an update and returns the API call that answers it. Raises the database's errors: then it was not stored."""

_LONG_POLL = 25
_PAUSE_AFTER_ERROR = 3.0


class TelegramPolling:
    """Fetches pending updates, and confirms each to Telegram only after it is stored."""

    def __init__(self, api_url: str, token: SecretStr) -> None:
        self._base = f"{api_url}/bot"
        self._token = token
        self._next = 0

    async def run(self, store: StoreUpdate) -> None:
        """Runs until cancelled."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=_LONG_POLL + 10)) as client:
            while True:
                try:
                    await self._fetch(client, store)
                except Exception as error:  # noqa: BLE001 -- any failure on either side: an update that was not stored comes again
                    log.error("polling_failed", error=type(error).__name__)
                    await asyncio.sleep(_PAUSE_AFTER_ERROR)

    async def webhook(self) -> str:
        """The current webhook address; empty if there is none, or if Telegram does not answer."""
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                return str((await self._call(client, "getWebhookInfo", {})).get("url", ""))
        except (httpx.HTTPError, ValueError):
            return ""

    async def _fetch(self, client: httpx.AsyncClient, store: StoreUpdate) -> None:
        wanted = {"offset": self._next, "timeout": _LONG_POLL, "allowed_updates": list(ALLOWED_UPDATES)}
        for update in await self._call(client, "getUpdates", wanted):
            answer = await store(json.dumps(update).encode())
            self._next = int(update["update_id"]) + 1
            if answer:
                with suppress(httpx.HTTPError, ValueError):  # a courtesy: a press may be too old by now
                    await self._call(
                        client, answer["method"], {name: answer[name] for name in answer if name != "method"}
                    )

    async def _call(self, client: httpx.AsyncClient, method: str, values: Json) -> Any:  # noqa: ANN401 -- whatever Telegram answers
        """The result of an API call. Raises ValueError if refused, without the address, which holds the token."""
        answer = await client.post(f"{self._base}{self._token.get_secret_value()}/{method}", json=values)
        body = answer.json()
        if not body.get("ok"):
            message = f"Telegram answered {answer.status_code}"
            raise ValueError(message)
        return body["result"]
