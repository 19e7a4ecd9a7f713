"""`serve`, `work`, `migrate`: the processes of a running bot and their database."""

import asyncio
import signal
from contextlib import suppress
from typing import Annotated

import typer

from bot.bootstrap import (
    build_server,
    build_worker,
    load_keys,
    open_context,
    require_telegram_door,
    telegram_polling,
)
from bot.cli.errors import faults_said
from bot.settings import Settings, SettingsError, read_settings
from bot.storage.engine import open_store, sqlite_file
from bot.storage.migrate import migrate as bring_to_newest


def serve(
    no_work: Annotated[bool, typer.Option("--no-work", help="pages and doors alone; a worker runs beside")] = False,
    polls: Annotated[bool, typer.Option("--telegram-polling", help="fetch updates: for a laptop")] = False,
) -> None:
    """Run the server: the chat page, and without --no-work the deliveries and clocks too."""
    from bot.web.serving import serve_site  # noqa: PLC0415 -- only the server needs it

    with faults_said():
        settings = read_settings()
        if no_work:
            _needs_postgresql(settings, "serve --no-work")
        polling = telegram_polling(settings) if polls else None
        if not polling:
            require_telegram_door(settings)
        context = open_context(settings)
    app = build_server(context, settings, None if no_work else build_worker(context, settings), polling)
    typer.echo(f"The chat page: http://{settings.host}:{settings.port}/", err=True)
    serve_site(app, settings.host, settings.port)


def work() -> None:
    """Deliveries and clocks alone, beside `serve --no-work` (PostgreSQL)."""
    with faults_said():
        settings = read_settings()
        _needs_postgresql(settings, "work")
        context = open_context(settings)
    # The way a host ends a process: what has begun is finished, as with Ctrl-C.
    # A shell that starts it in the background has switched Ctrl-C off, and ending with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with suppress(KeyboardInterrupt):
        asyncio.run(build_worker(context, settings).run())
    context.store.close()


def migrate() -> None:
    """Bring the database to the newest schema."""
    with faults_said():
        settings = read_settings()
        load_keys(settings)
        store = open_store(settings.database_url)
        bring_to_newest(store)
        store.close()
    typer.echo("The database has the newest schema.")


def _needs_postgresql(settings: Settings, command: str) -> None:
    if sqlite_file(settings.database_url) is not None:
        message = (
            f"`{command}` needs PostgreSQL: several processes on several machines cannot share an SQLite file, and a "
            "Procfile host throws its disk away. Set DATABASE_URL=postgresql://…, or run `python -m bot serve` alone."
        )
        raise SettingsError(message)
