"""Sending to LINE: one attempt per call, and the meaning of LINE's answer."""

import asyncio
import json
from http import HTTPStatus

import aiohttp
import structlog
from linebot.v3.messaging import (
    ApiException,
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    Message,
    PushMessageRequest,
    ReplyMessageRequest,
)
from linebot.v3.oauth.exceptions import ApiException as TokenException

from bot.channels.line.line_layout import messages_of
from bot.channels.line.line_tokens import AccessTokens
from bot.domain.delivery.channel import Outgoing, Pushes
from bot.domain.delivery.delivery_rules import Outcome, SendMethod

log = structlog.get_logger()

REAL = "https://api.line.me"
SECONDS = 8
"""Timeout of one call. The SDK's own limit is 300."""
_CONNECTIONS = 60
_MONTHLY = "monthly limit"
_RATE = "rate limit"
_CUT_OFF = (OSError, TimeoutError, aiohttp.ClientError, ValueError)
"""No answer, or one that the SDK cannot read: its errors other than ApiException."""


class LineSender:
    """One client for the process, created on the event loop that uses it."""

    def __init__(self, api_url: str, tokens: AccessTokens) -> None:
        self._api_url = api_url
        self._tokens = tokens
        self._client: AsyncApiClient | None = None

    async def send(self, outgoing: Outgoing) -> Outcome:
        try:
            objects = messages_of(outgoing.reply, outgoing.wording, as_text=outgoing.as_text)
            messages = [Message.from_dict(message) for message in objects]
        except ValueError as error:
            log.error("card_not_built", error=type(error).__name__)
            return Outcome.REFUSED
        try:
            api = await self.api()
        except TokenException as error:
            return Outcome.LOCKED if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.LATER
        except _CUT_OFF:
            return Outcome.LATER  # without a token nothing was sent
        return await self._attempt(api, outgoing, messages)

    async def _attempt(self, api: AsyncMessagingApi, outgoing: Outgoing, messages: list[Message]) -> Outcome:
        try:
            await _call(api, outgoing, messages)
        except ApiException as error:
            return await self._meaning(api, error, outgoing.way)
        except aiohttp.ClientConnectorError:
            return Outcome.LATER
        except _CUT_OFF:
            return Outcome.UNCERTAIN
        return Outcome.ACCEPTED

    async def api(self) -> AsyncMessagingApi:
        """The API with a token that is currently valid."""
        token = await self._tokens.current()
        if self._client is None:
            # Without an explicit host the SDK uses LINE's two: one for calls, one for pictures.
            host = None if self._api_url == REAL else self._api_url
            configuration = Configuration(host=host, access_token=token)
            configuration.connection_pool_maxsize = _CONNECTIONS
            self._client = AsyncApiClient(configuration)
        self._client.configuration.access_token = token
        return AsyncMessagingApi(self._client)

    async def pushes(self) -> Pushes | None:
        """The month's usage; None if LINE does not answer."""
        try:
            return await _pushes(await self.api())
        except (ApiException, TokenException, *_CUT_OFF):
            return None

    async def close(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None

    async def _meaning(self, api: AsyncMessagingApi, error: ApiException, way: SendMethod) -> Outcome:
        body = str(error.body or "")
        log.info("line_answered", status=error.status, way=way, request=(error.headers or {}).get("x-line-request-id"))
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Outcome.QUOTA if await _is_month_over(api, body) else Outcome.LATER
        if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self._tokens.forget()
        return line_outcome(error.status, body, way)


def line_outcome(status: int, body: str, way: SendMethod) -> Outcome:
    """The meaning of a refusal by its status, and by those phrases of the body that LINE documents."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.UNCERTAIN
    if status == HTTPStatus.CONFLICT:
        return Outcome.ACCEPTED  # this retry key was accepted before
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Outcome.LOCKED
    if way is SendMethod.LEAVE:
        return Outcome.ACCEPTED  # the bot is no longer in that group
    if way is SendMethod.REPLY and status == HTTPStatus.BAD_REQUEST and not _has_details(body):
        return Outcome.DEAD_TICKET
    return Outcome.REFUSED


async def _call(api: AsyncMessagingApi, outgoing: Outgoing, messages: list[Message]) -> None:
    if outgoing.way is SendMethod.LEAVE:
        leave = api.leave_group if outgoing.address.startswith("C") else api.leave_room
        await leave(outgoing.address, _request_timeout=SECONDS)
        return
    if outgoing.way is SendMethod.REPLY:
        request = ReplyMessageRequest(replyToken=outgoing.ticket, messages=messages)
        await api.reply_message(request, _request_timeout=SECONDS)
    else:
        push = PushMessageRequest(to=outgoing.address, messages=messages)
        await api.push_message(push, x_line_retry_key=outgoing.retry_key, _request_timeout=SECONDS)


async def _is_month_over(api: AsyncMessagingApi, body: str) -> bool:
    """Status 429 has two causes: the body says which, otherwise the quota does."""
    if _RATE in body or _MONTHLY in body:
        return _MONTHLY in body
    try:
        pushes = await _pushes(api)
    except (ApiException, *_CUT_OFF):
        return False
    return pushes.limit is not None and pushes.used >= pushes.limit


async def _pushes(api: AsyncMessagingApi) -> Pushes:
    quota, used = await asyncio.gather(
        api.get_message_quota(_request_timeout=SECONDS), api.get_message_quota_consumption(_request_timeout=SECONDS)
    )
    return Pushes(used.total_usage, quota.value)


def _has_details(body: str) -> bool:
    """Whether LINE names an error in the messages: then the reply token is not the cause."""
    try:
        return bool(json.loads(body).get("details"))
    except (ValueError, AttributeError):
        return False
