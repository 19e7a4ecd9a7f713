"""Access tokens: the long-lived one of the console, or 15-minute ones that are renewed automatically."""

import asyncio
import time
from collections.abc import Callable

from linebot.v3.oauth import AsyncApiClient, AsyncChannelAccessToken, Configuration
from pydantic import SecretStr

RENEW_AFTER = 12 * 60.0
"""Seconds. LINE's stateless tokens live 15 minutes and may be issued without limit."""
_SECONDS = 8


class AccessTokens:
    def __init__(
        self,
        api_url: str,
        channel_id: str,
        channel_secret: SecretStr,
        long_lived: SecretStr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_url = api_url
        self._channel_id = channel_id
        self._channel_secret = channel_secret
        self._long_lived = long_lived
        self._clock = clock
        self._issued = ""
        self._issued_at = 0.0
        self._one_at_a_time = asyncio.Lock()

    @property
    def renews(self) -> bool:
        """Whether tokens are issued from channel id and secret."""
        return not self._long_lived.get_secret_value()

    async def current(self) -> str:
        """The token for the next call. Raises the SDK's errors if none can be issued."""
        if not self.renews:
            return self._long_lived.get_secret_value()
        async with self._one_at_a_time:
            if not self._issued or self._clock() - self._issued_at > RENEW_AFTER:
                self._issued, self._issued_at = await self._issue(), self._clock()
            return self._issued

    def forget(self) -> None:
        """Discard a token that LINE refused: the next call issues a new one."""
        self._issued = ""

    async def _issue(self) -> str:
        client = AsyncApiClient(Configuration(host=self._api_url, access_token=""))
        try:
            answer = await AsyncChannelAccessToken(client).issue_stateless_channel_token_by_client_secret(
                client_id=self._channel_id,
                client_secret=self._channel_secret.get_secret_value(),
                _request_timeout=_SECONDS,
            )
        finally:
            await client.close()
        return str(answer.access_token)
