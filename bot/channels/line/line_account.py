"""Setup and check of the LINE account. Running the setup again changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from linebot.v3.messaging import (
    ApiException,
    AsyncMessagingApi,
    AsyncMessagingApiBlob,
    CreateRichMenuAliasRequest,
    RichMenuRequest,
    SetWebhookEndpointRequest,
    TestWebhookEndpointRequest,
    UpdateRichMenuAliasRequest,
)
from linebot.v3.oauth.exceptions import ApiException as TokenException

from bot.channels.account_findings import AccountFinding, AccountVerdict, verdict
from bot.channels.line.line_sender import SECONDS, LineSender
from bot.channels.line.rich_menu import ALIAS, RichMenu

NOT_REACHED = (ApiException, TokenException, OSError, TimeoutError, aiohttp.ClientError, ValueError)
"""Errors of a call: LINE refuses, is unreachable, or sends an answer unknown to the SDK."""
NEARLY_USED = 0.8
_TEST_SECONDS = 20


@dataclass(frozen=True)
class ExpectedLineAccount:
    webhook: str
    menu: RichMenu
    last_event: datetime | None


class LineAccount:
    """The account that the sender's token belongs to."""

    def __init__(self, sender: LineSender) -> None:
        self._sender = sender

    async def set_up(self, expected: ExpectedLineAccount) -> AsyncIterator[str]:
        """Set up the account; yields a line for each step, including those that were already done."""
        api = await self._sender.api()
        yield await _set_webhook(api, expected.webhook)
        yield await self._set_menu(api, expected.menu)

    async def findings(self, expected: ExpectedLineAccount) -> AsyncIterator[AccountFinding]:
        """Compare the account with the expected one, as far as LINE can be asked."""
        try:
            api = await self._sender.api()
            info = await api.get_bot_info(_request_timeout=SECONDS)
        except NOT_REACHED as error:
            to_do = "check LINE_CHANNEL_ID and LINE_CHANNEL_SECRET, or LINE_CHANNEL_ACCESS_TOKEN"
            yield AccountFinding("token", AccountVerdict.WRONG, f"not taken: {_short(error)}", to_do)
            return
        yield AccountFinding(
            "token", AccountVerdict.RIGHT, f"taken; the account is {info.display_name} ({info.basic_id})"
        )
        yield _chat_mode(str(info.chat_mode))
        for ask in (_webhook, _webhook_test, _quota, _menu):
            try:
                yield await ask(api, expected)
            except NOT_REACHED as error:
                what = ask.__name__.strip("_").replace("_", " ")
                yield AccountFinding(what, AccountVerdict.WRONG, f"could not be asked: {_short(error)}")
        yield _last_event(expected)
        to_do = 'look in the console: "Webhook redelivery" must be on'
        yield AccountFinding("redelivery", AccountVerdict.INFO, "LINE tells nobody", to_do)

    async def _set_menu(self, api: AsyncMessagingApi, menu: RichMenu) -> str:
        ours = await _our_menus(api)
        current = ours.get(menu.name) or await self._create(api, menu)
        await _point_alias(api, current)
        await api.set_default_rich_menu(current, _request_timeout=SECONDS)
        old = [menu_id for name, menu_id in ours.items() if name != menu.name]
        for menu_id in old:
            await api.delete_rich_menu(menu_id, _request_timeout=SECONDS)
        done = "was there already" if menu.name in ours else "created"
        return f"rich menu: {done}" + (f", {len(old)} old removed" if old else "")

    async def _create(self, api: AsyncMessagingApi, menu: RichMenu) -> str:
        created = await api.create_rich_menu(RichMenuRequest.from_dict(menu.definition), _request_timeout=SECONDS)
        blob = AsyncMessagingApiBlob(api.api_client)
        try:
            await blob.set_rich_menu_image(
                created.rich_menu_id,
                menu.picture,
                _headers={"Content-Type": "image/png"},
                _request_timeout=_TEST_SECONDS,
            )
        except NOT_REACHED:
            # A menu without its picture cannot be shown, and the next setup would mistake it for the right one.
            await api.delete_rich_menu(created.rich_menu_id, _request_timeout=SECONDS)
            raise
        return str(created.rich_menu_id)


async def _set_webhook(api: AsyncMessagingApi, webhook: str) -> str:
    if (await _endpoint(api))[0] == webhook:
        return f"webhook: {webhook} was set already"
    await api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=webhook), _request_timeout=SECONDS)
    return f"webhook: set to {webhook}"


async def _endpoint(api: AsyncMessagingApi) -> tuple[str, bool]:
    """(the webhook address or an empty string, whether it is active)."""
    try:
        endpoint = await api.get_webhook_endpoint(_request_timeout=SECONDS)
    except ApiException as error:
        if error.status == 404:  # noqa: PLR2004 -- none was ever set
            return "", False
        raise
    return str(endpoint.endpoint or ""), bool(endpoint.active)


async def _webhook(api: AsyncMessagingApi, expected: ExpectedLineAccount) -> AccountFinding:
    endpoint, is_active = await _endpoint(api)
    if endpoint != expected.webhook:
        found = f"{endpoint or 'none'}, expected {expected.webhook}"
        return AccountFinding("webhook", AccountVerdict.WRONG, found, "run: line setup")
    to_do = "" if is_active else 'switch on "Use webhook" in the console'
    return AccountFinding(
        "webhook", verdict(is_active), f"{endpoint}, {'in use' if is_active else 'switched off'}", to_do
    )


async def _webhook_test(api: AsyncMessagingApi, expected: ExpectedLineAccount) -> AccountFinding:
    request = TestWebhookEndpointRequest(endpoint=expected.webhook)
    result = await api.test_webhook_endpoint(request, _request_timeout=_TEST_SECONDS)
    found = f"LINE got {result.status_code}: {result.reason} {result.detail}".strip()
    to_do = "" if result.success else "is the server up, is the address right, is LINE_CHANNEL_SECRET this channel's?"
    return AccountFinding("webhook test", verdict(result.success), found, to_do)


async def _quota(api: AsyncMessagingApi, _expected: ExpectedLineAccount) -> AccountFinding:
    quota = await api.get_message_quota(_request_timeout=SECONDS)
    used = (await api.get_message_quota_consumption(_request_timeout=SECONDS)).total_usage
    if quota.value is None:
        return AccountFinding("quota", AccountVerdict.RIGHT, f"no limit; about {used} pushes this month")
    is_right = used < quota.value * NEARLY_USED
    to_do = "" if is_right else "beyond it only replies go out: raise the plan, or spare the pushes"
    return AccountFinding("quota", verdict(is_right), f"about {used} of {quota.value} pushes this month", to_do)


async def _menu(api: AsyncMessagingApi, expected: ExpectedLineAccount) -> AccountFinding:
    current = (await _our_menus(api)).get(expected.menu.name)
    if current is None:
        return AccountFinding("rich menu", AccountVerdict.WRONG, "not there, or an older one", "run: line setup")
    default = (await api.get_default_rich_menu_id(_request_timeout=SECONDS)).rich_menu_id
    if default != current or (await _aliases(api)).get(ALIAS) != current:
        return AccountFinding(
            "rich menu", AccountVerdict.WRONG, "there, but not the one that is shown", "run: line setup"
        )
    return AccountFinding("rich menu", AccountVerdict.RIGHT, "there and shown")


def _chat_mode(mode: str) -> AccountFinding:
    if mode == "bot":
        return AccountFinding("chat mode", AccountVerdict.RIGHT, mode)
    to_do = "staff could answer past the desk: switch chat off in the LINE Official Account Manager"
    return AccountFinding("chat mode", AccountVerdict.WRONG, mode, to_do)


def _last_event(expected: ExpectedLineAccount) -> AccountFinding:
    if expected.last_event is None:
        return AccountFinding("last event", AccountVerdict.INFO, "none yet", "write something to the account")
    return AccountFinding("last event", AccountVerdict.INFO, expected.last_event.isoformat(timespec="seconds"))


async def _our_menus(api: AsyncMessagingApi) -> dict[str, str]:
    """Name to id of this bot's menus. Menus of others are left alone."""
    menus = (await api.get_rich_menu_list(_request_timeout=SECONDS)).richmenus
    return {menu.name: menu.rich_menu_id for menu in menus if menu.name.startswith(f"{ALIAS} ")}


async def _aliases(api: AsyncMessagingApi) -> dict[str, str]:
    """Menu id by alias."""
    aliases = (await api.get_rich_menu_alias_list(_request_timeout=SECONDS)).aliases
    return {alias.rich_menu_alias_id: alias.rich_menu_id for alias in aliases}


async def _point_alias(api: AsyncMessagingApi, menu: str) -> None:
    aliases = await _aliases(api)
    if ALIAS not in aliases:
        create = CreateRichMenuAliasRequest(richMenuAliasId=ALIAS, richMenuId=menu)
        await api.create_rich_menu_alias(create, _request_timeout=SECONDS)
    elif aliases[ALIAS] != menu:
        update = UpdateRichMenuAliasRequest(richMenuId=menu)
        await api.update_rich_menu_alias(ALIAS, update, _request_timeout=SECONDS)


def _short(error: Exception) -> str:
    """The error, without the request that caused it."""
    status = getattr(error, "status", None)
    return f"LINE answered {status}" if status else type(error).__name__
