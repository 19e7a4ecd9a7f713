"""`python -m bot line …`: the LINE account."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from bot.bootstrap import line_sender
from bot.cli.errors import open_current, print_findings, report_errors, stop
from bot.content.read.catalog_reader import read_catalog
from bot.settings import SHIPPED_CONTENT, Settings, SettingsError, read_settings
from bot.storage.engine import sqlite_file
from bot.storage.inbox.inbox_rows import last_received

if TYPE_CHECKING:
    from bot.channels.line.line_account import ExpectedLineAccount

line_app = typer.Typer(no_args_is_help=True, help="The LINE account.")


@line_app.command()
def setup() -> None:
    """Set the webhook address and the rich menu. Running it again changes nothing."""
    with report_errors():
        settings = _connected()
        expected = expected_account(settings)
    asyncio.run(_set_up(settings, expected))


@line_app.command()
def status() -> None:
    """Compare the account with its expected state; exit code 1 if anything differs."""
    with report_errors():
        settings = _connected()
        expected = expected_account(settings)
    if asyncio.run(print_line_findings(settings, expected)):
        raise typer.Exit(1)


async def _set_up(settings: Settings, expected: "ExpectedLineAccount") -> None:
    from bot.channels.line.line_account import NOT_REACHED, LineAccount  # noqa: PLC0415 -- slow to load, needed only here

    sender = line_sender(settings)
    try:
        async for step in LineAccount(sender).set_up(expected):
            typer.echo(step)
    except NOT_REACHED as error:
        stop(f"LINE did not take it ({type(error).__name__} {getattr(error, 'status', '')}); see: line status")
    finally:
        await sender.close()


async def print_line_findings(settings: Settings, expected: "ExpectedLineAccount") -> bool:
    """Print each finding; return whether any is wrong."""
    from bot.channels.line.line_account import LineAccount  # noqa: PLC0415 -- slow to load, needed only here

    sender = line_sender(settings)
    try:
        return await print_findings(LineAccount(sender).findings(expected))
    finally:
        await sender.close()


def _connected() -> Settings:
    settings = read_settings()
    if not settings.line_secrets:
        message = "LINE is not connected: set LINE_CHANNEL_ID and LINE_CHANNEL_SECRET (bot/channels/line/README.md)"
        raise SettingsError(message)
    if not settings.public_url:
        message = (
            "PUBLIC_URL is missing: the address under which LINE reaches this server, such as https://bot.example.jp"
        )
        raise SettingsError(message)
    return settings


def expected_account(settings: Settings) -> "ExpectedLineAccount":
    """The expected account: from the settings, the content, and the last received event."""
    from bot.channels.line.line_account import ExpectedLineAccount  # noqa: PLC0415 -- slow to load, needed only here
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
        last = last_received(connection, "line")
    store.close()
    return last
