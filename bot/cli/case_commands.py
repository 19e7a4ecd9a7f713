"""`cases`, `inbox`: open work, for an operator on the server."""

from typing import Annotated

import typer

from bot.bootstrap import load_keys, now
from bot.cli.errors import open_current, report_errors
from bot.domain.cases.case import shown_number
from bot.domain.city_calendar import CITY_ZONE
from bot.handlers.cases.open_cases import list_open_cases
from bot.settings import read_settings
from bot.storage.inbox.inbox_rows import list_dead_letters, replay_dead_letters


def cases(words: Annotated[bool, typer.Option("--words", help="with the messages, decrypted")] = False) -> None:
    """List the open cases, the most urgent first; several from one address form one group."""
    with report_errors():
        settings = read_settings()
        keys, _ = load_keys(settings)
        store = open_current(settings)
        listed = list_open_cases(store, keys)
        store.close()
    for row in listed:
        opened = row.case.opened_at.astimezone(CITY_ZONE)
        typer.echo(
            f"{shown_number(row.case.number)}  {row.case.urgency:9}  {row.case.kind:15}  {opened:%Y-%m-%d %H:%M}"
        )
        for text in row.words if words else ():
            typer.echo(f"    {text}")
        if row.alike:
            typer.echo(f"    + {row.alike} more from the same address")
    typer.echo(f"{len(listed)} open" if listed else "No open cases.")


def inbox(replay: Annotated[bool, typer.Option("--replay", help="handle them again")] = False) -> None:
    """List the platforms' events that could not be handled (dead letters), without their text."""
    with report_errors():
        store = open_current(read_settings())
    with store.reading() as connection:
        dead_letters = list_dead_letters(connection)
    for event in dead_letters:
        typer.echo(f"{event.received_at:%Y-%m-%d %H:%M:%S} UTC  {event.channel}  {event.kind}  {event.fault}")
    if replay:
        count = store.transaction(lambda connection: replay_dead_letters(connection, now()))
        typer.echo(f"{count} will be handled again by the running server.")
    else:
        typer.echo(f"{len(dead_letters)} set aside." if dead_letters else "Nothing is set aside.")
    store.close()
