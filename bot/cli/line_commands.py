"""`python -m bot line …`: the account at LINE."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from bot.bootstrap import line_sender
from bot.cli.errors import faults_said, open_current, stop, tell_findings
from bot.content.read.catalog_reader import read_catalog
from bot.settings import SHIPPED_CONTENT, Settings, SettingsError, read_settings
from bot.storage.engine import sqlite_file
from bot.storage.inbox.inbox_rows import last_received

if TYPE_CHECKING:
    from bot.channels.line.line_account import ExpectedLineAccount

line_app = typer.Typer(no_args_is_help=True, help="The account at LINE.")


@line_app.command()
def setup() -> None:
    """Set webhook address and rich menu as they should be. Run again, it changes nothing."""
    with faults_said():
        settings = _connected()
        expected = expected_account(settings)
    asyncio.run(_set_up(settings, expected))


@line_app.command()
def status() -> None:
    """Compare the account with what it should be; exit code 1 where something differs."""
    with faults_said():
        settings = _connected()
        expected = expected_account(settings)
    if asyncio.run(tell(settings, expected)):
        raise typer.Exit(1)


async def _set_up(settings: Settings, expected: "ExpectedLineAccount") -> None:
    from bot.channels.line.line_account import NOT_REACHED, LineAccount  # noqa: PLC0415 -- loaded by who uses it

    sender = line_sender(settings)
    try:
        async for step in LineAccount(sender).set_up(expected):
            typer.echo(step)
    except NOT_REACHED as error:
        stop(f"LINE did not take it ({type(error).__name__} {getattr(error, 'status', '')}); see: line status")
    finally:
        await sender.close()


async def tell(settings: Settings, expected: "ExpectedLineAccount") -> bool:
    """Print every finding; whether something is wrong."""
    from bot.channels.line.line_account import LineAccount  # noqa: PLC0415 -- loaded by who uses it

    sender = line_sender(settings)
    try:
        return await tell_findings(LineAccount(sender).findings(expected))
    finally:
        await sender.close()


def _connected() -> Settings:
    settings = read_settings()
    if not settings.line_secrets:
        message = "LINE is not connected: set LINE_CHANNEL_ID and LINE_CHANNEL_SECRET (README, Connect LINE)"
        raise SettingsError(message)
    if not settings.public_url:
        message = (
            "PUBLIC_URL is missing: the address under which LINE reaches this server, such as https://bot.example.jp"
        )
        raise SettingsError(message)
    return settings


def expected_account(settings: Settings) -> "ExpectedLineAccount":
    """What the account should be by our settings, our content, and what came last."""
    from bot.channels.line.line_account import ExpectedLineAccount  # noqa: PLC0415 -- loaded by who uses it
    from bot.channels.line.rich_menu import rich_menu  # noqa: PLC0415 -- the same

    catalog, _ = read_catalog(SHIPPED_CONTENT)
    bar = catalog.wording["line-menu-bar"]
    return ExpectedLineAccount(f"{settings.public_url}/webhooks/line", rich_menu(bar), _last_event(settings))


def _last_event(settings: Settings) -> datetime | None:
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return None
    store = open_current(settings)
    with store.reading() as connection:
        found = last_received(connection, "line")
    store.close()
    return found
