"""`python -m bot telegram …`: the account at Telegram."""

import asyncio
from typing import TYPE_CHECKING

import typer

from bot.bootstrap import SHIPPED_CONTENT, load_keys, telegram_sender
from bot.cli.errors import faults_said, open_current, stop, tell_findings
from bot.content.read.catalog_reader import read_catalog
from bot.settings import Settings, SettingsError, read_settings
from bot.storage.engine import sqlite_file
from bot.storage.inbox.inbox_rows import last_received
from bot.storage.staff.staff_chat_rows import ChatState, chat_address, list_chats

if TYPE_CHECKING:
    from bot.channels.telegram.telegram_account import ExpectedTelegramAccount

telegram_app = typer.Typer(no_args_is_help=True, help="The account at Telegram.")

CHANNEL = "telegram"


@telegram_app.command()
def setup() -> None:
    """Set webhook, secret and commands as they should be. What waits at Telegram is kept."""
    with faults_said():
        settings = _connected()
        expected = expected_bot(settings)
    asyncio.run(_set_up(settings, expected))


@telegram_app.command()
def status() -> None:
    """Compare the account with what it should be; exit code 1 where something differs."""
    with faults_said():
        settings = _connected()
        expected = expected_bot(settings)
    if asyncio.run(tell_bot(settings, expected)):
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


async def tell_bot(settings: Settings, expected: "ExpectedTelegramAccount") -> bool:
    """Print every finding; whether something is wrong."""
    from bot.channels.telegram.telegram_account import TelegramAccount  # noqa: PLC0415 -- loaded by who uses it

    sender = telegram_sender(settings)
    try:
        return await tell_findings(TelegramAccount(sender).findings(expected))
    finally:
        await sender.close()


def _connected() -> Settings:
    settings = read_settings()
    if not (settings.telegram_bot_token.get_secret_value() and settings.telegram_secrets):
        message = "Telegram is not connected: set TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET (README)"
        raise SettingsError(message)
    if not settings.public_url.startswith("https://"):
        message = "PUBLIC_URL is missing, or no https address: Telegram posts to https, on port 443, 80, 88 or 8443"
        raise SettingsError(message)
    return settings


def expected_bot(settings: Settings) -> "ExpectedTelegramAccount":
    """What the account should be by our settings, our content, and what came last."""
    from bot.channels.telegram.telegram_account import ExpectedTelegramAccount  # noqa: PLC0415 -- loaded by who uses it

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
        bound = [each for each in list_chats(connection) if each.channel == CHANNEL and each.is_group]
        groups = [chat_address(connection, keys, each.id) for each in bound if each.state is ChatState.BOUND]
        last = last_received(connection, CHANNEL)
    store.close()
    return ExpectedTelegramAccount(webhook, secret, commands, groups, last)
