"""`python -m bot telegram …`: the Telegram account."""

import asyncio
from typing import TYPE_CHECKING

import typer

from bot.bootstrap import load_keys, telegram_sender
from bot.cli.errors import open_current, print_findings, report_errors, stop
from bot.content.read.catalog_reader import read_catalog
from bot.settings import SHIPPED_CONTENT, Settings, SettingsError, read_settings
from bot.storage.engine import sqlite_file
from bot.storage.inbox.inbox_rows import last_received
from bot.storage.staff.staff_chat_rows import ChatState, chat_address, list_chats

if TYPE_CHECKING:
    from bot.channels.telegram.telegram_account import ExpectedTelegramAccount

telegram_app = typer.Typer(no_args_is_help=True, help="The Telegram account.")

CHANNEL = "telegram"


@telegram_app.command()
def setup() -> None:
    """Set the webhook, its secret and the commands. Pending updates are kept."""
    with report_errors():
        settings = _connected()
        expected = expected_bot(settings)
    asyncio.run(_set_up(settings, expected))


@telegram_app.command()
def status() -> None:
    """Compare the account with its expected state; exit code 1 if anything differs."""
    with report_errors():
        settings = _connected()
        expected = expected_bot(settings)
    if asyncio.run(print_telegram_findings(settings, expected)):
        raise typer.Exit(1)


async def _set_up(settings: Settings, expected: "ExpectedTelegramAccount") -> None:
    from bot.channels.telegram.telegram_account import (  # noqa: PLC0415 -- loaded by who uses it
        NOT_REACHED,
        TelegramAccount,
    )

    sender = telegram_sender(settings)
    try:
        async for step in TelegramAccount(sender).set_up(expected):
            typer.echo(step)
    except NOT_REACHED as error:
        stop(f"Telegram did not take it ({type(error).__name__}); see: telegram status")
    finally:
        await sender.close()


async def print_telegram_findings(settings: Settings, expected: "ExpectedTelegramAccount") -> bool:
    """Print each finding; return whether any is wrong."""
    from bot.channels.telegram.telegram_account import TelegramAccount  # noqa: PLC0415 -- slow to load, needed only here

    sender = telegram_sender(settings)
    try:
        return await print_findings(TelegramAccount(sender).findings(expected))
    finally:
        await sender.close()


def _connected() -> Settings:
    settings = read_settings()
    if not (settings.telegram_bot_token.get_secret_value() and settings.telegram_secrets):
        message = "Telegram is not connected: set TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET (see its README)"
        raise SettingsError(message)
    if not settings.public_url.startswith("https://"):
        message = "PUBLIC_URL is missing, or no https address: Telegram posts to https, on port 443, 80, 88 or 8443"
        raise SettingsError(message)
    return settings


def expected_bot(settings: Settings) -> "ExpectedTelegramAccount":
    """The expected account: from the settings, the content, and the last received event."""
    from bot.channels.telegram.telegram_account import ExpectedTelegramAccount  # noqa: PLC0415 -- slow to load, needed only here

    wording = read_catalog(SHIPPED_CONTENT)[0].wording
    commands = {
        "start": wording["command-start"],
        "menu": wording["command-menu"],
        "human": wording["command-human"],
        "stop": wording["command-stop"],
        "help": wording["command-help"],
    }
    webhook, secret = f"{settings.public_url}/webhooks/telegram", settings.telegram_secrets[0]
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return ExpectedTelegramAccount(webhook, secret, commands, (), None)
    store, (keys, _) = open_current(settings), load_keys(settings)
    with store.reading() as connection:
        chats = [chat for chat in list_chats(connection) if chat.channel == CHANNEL and chat.is_group]
        groups = [chat_address(connection, keys, chat.id) for chat in chats if chat.state is ChatState.BOUND]
        last = last_received(connection, CHANNEL)
    store.close()
    return ExpectedTelegramAccount(webhook, secret, commands, groups, last)
