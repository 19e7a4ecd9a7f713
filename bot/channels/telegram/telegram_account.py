"""Setup and check of the Telegram account. Running the setup again changes nothing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram import BotCommand, ChatMember, WebhookInfo
from telegram.error import TelegramError

from bot.channels.account_findings import AccountFinding, AccountVerdict, verdict
from bot.channels.telegram.telegram_sender import TelegramSender
from bot.channels.telegram.telegram_webhook import ALLOWED_UPDATES

NOT_REACHED = (TelegramError,)
"""Errors of a call: Telegram refuses or is unreachable."""
MANY_PENDING = 20


@dataclass(frozen=True)
class ExpectedTelegramAccount:
    """`secret`: the newest. `groups`: addresses of the paired staff groups."""

    webhook: str
    secret: str
    commands: Mapping[str, str]
    groups: Sequence[str]
    last_event: datetime | None


class TelegramAccount:
    """The account that the sender's token belongs to."""

    def __init__(self, sender: TelegramSender) -> None:
        self._bot = sender.bot

    async def set_up(self, expected: ExpectedTelegramAccount) -> AsyncIterator[str]:
        """Set up the account; yields a line per step. Pending updates are never dropped: an SOS may be among them."""
        await self._bot.set_webhook(
            expected.webhook,
            secret_token=expected.secret,
            allowed_updates=list(ALLOWED_UPDATES),
            drop_pending_updates=False,
        )
        yield f"webhook: set to {expected.webhook}, with the newest secret"
        wanted = tuple(BotCommand(name, text) for name, text in expected.commands.items())
        if await self._bot.get_my_commands() == wanted:
            yield "commands: were there already"
            return
        await self._bot.set_my_commands(wanted)
        yield f"commands: {len(wanted)} set"

    async def findings(self, expected: ExpectedTelegramAccount) -> AsyncIterator[AccountFinding]:
        """Compare the account with the expected one, as far as Telegram can be asked."""
        try:
            me = await self._bot.get_me()
            info = await self._bot.get_webhook_info()
        except NOT_REACHED as error:
            yield AccountFinding(
                "token", AccountVerdict.WRONG, f"not taken: {type(error).__name__}", "check TELEGRAM_BOT_TOKEN"
            )
            return
        yield AccountFinding("token", AccountVerdict.RIGHT, f"taken; the account is {me.full_name} (@{me.username})")
        for finding in (*_webhook(info, expected), _pending(info), _last_error(info)):
            yield finding
        privacy = "sees everything said in groups" if me.can_read_all_group_messages else "on"
        yield AccountFinding("privacy mode", AccountVerdict.INFO, privacy)
        for number, group in enumerate(expected.groups, 1):
            yield await self._rights(f"staff group {number}", group, me.id)
        seen = expected.last_event.isoformat(timespec="seconds") if expected.last_event else "none yet"
        yield AccountFinding(
            "last event", AccountVerdict.INFO, seen, "" if expected.last_event else "write something to the account"
        )

    async def _rights(self, what: str, group: str, bot_id: int) -> AccountFinding:
        to_do = "bring the bot into the group again and pair it at /desk/chats"
        try:
            member = await self._bot.get_chat_member(group, bot_id)
        except NOT_REACHED as error:
            return AccountFinding(what, AccountVerdict.WRONG, f"could not be asked: {type(error).__name__}", to_do)
        silenced = getattr(member, "can_send_messages", True) is False
        is_there = member.status not in {ChatMember.LEFT, ChatMember.BANNED}
        found = f"{member.status}{', may not write' if silenced else ''}"
        is_right = is_there and not silenced
        return AccountFinding(what, verdict(is_right), found, "" if is_right else to_do)


def _webhook(info: WebhookInfo, expected: ExpectedTelegramAccount) -> list[AccountFinding]:
    is_right = info.url == expected.webhook
    found = info.url if is_right else f"{info.url or 'none'}, expected {expected.webhook}"
    updates = set(info.allowed_updates) == set(ALLOWED_UPDATES)
    run = "run: telegram setup"
    return [
        AccountFinding("webhook", verdict(is_right), found, "" if is_right else run),
        AccountFinding(
            "updates", verdict(updates), ", ".join(info.allowed_updates) or "the default", "" if updates else run
        ),
        AccountFinding(
            "secret", AccountVerdict.INFO, "Telegram tells nobody", "after a change of it run: telegram setup"
        ),
    ]


def _pending(info: WebhookInfo) -> AccountFinding:
    is_right = info.pending_update_count < MANY_PENDING
    to_do = "" if is_right else "Telegram cannot deliver: is the server up and the address right?"
    return AccountFinding("pending", verdict(is_right), f"{info.pending_update_count} updates wait at Telegram", to_do)


def _last_error(info: WebhookInfo) -> AccountFinding:
    if info.last_error_date is None:
        return AccountFinding("last error", AccountVerdict.RIGHT, "none")
    at = info.last_error_date.isoformat(timespec="seconds")
    to_do = "a 401 means another secret: run telegram setup" if "401" in (info.last_error_message or "") else ""
    return AccountFinding("last error", AccountVerdict.INFO, f"{at} {info.last_error_message}", to_do)
