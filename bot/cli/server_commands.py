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
    require_telegram_secret,
    telegram_polling,
)
from bot.cli.errors import report_errors
from bot.settings import Settings, SettingsError, read_settings
from bot.storage.engine import open_store, sqlite_file
from bot.storage.migrate import migrate as migrate_schema


def serve(
    no_work: Annotated[
        bool, typer.Option("--no-work", help="pages and webhooks only; a worker runs separately")
    ] = False,
    polls: Annotated[bool, typer.Option("--telegram-polling", help="long polling, for a laptop")] = False,
) -> None:
    """Run the server: the chat page, and without --no-work the deliveries and timers too."""
    from bot.web.serving import serve_site  # noqa: PLC0415 -- only the server needs it

    with report_errors():
        settings = read_settings()
        if no_work:
            _require_postgresql(settings, "serve --no-work")
        polling = telegram_polling(settings) if polls else None
        if not polling:
            require_telegram_secret(settings)
        context = open_context(settings)
    app = build_server(context, settings, None if no_work else build_worker(context, settings), polling)
    typer.echo(f"The chat page: http://{settings.host}:{settings.port}/", err=True)
    serve_site(app, settings.host, settings.port)


def work() -> None:
    """Run only deliveries and timers, beside `serve --no-work` (PostgreSQL)."""
    with report_errors():
        settings = read_settings()
        _require_postgresql(settings, "work")
        context = open_context(settings)
    # Hosts stop a process with SIGTERM: it finishes started work, as with Ctrl-C.
    # A shell that starts it in the background ignores SIGINT, so its handler is restored first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with suppress(KeyboardInterrupt):
        asyncio.run(build_worker(context, settings).run())
    context.store.close()


def migrate() -> None:
    """Migrate the database to the newest schema."""
    with report_errors():
        settings = read_settings()
        load_keys(settings)
        store = open_store(settings.database_url)
        migrate_schema(store)
        store.close()
    typer.echo("The database has the newest schema.")


def _require_postgresql(settings: Settings, command: str) -> None:
    if sqlite_file(settings.database_url) is not None:
        message = (
            f"`{command}` needs PostgreSQL: several processes on several machines cannot share an SQLite file, and a "
            "Procfile host throws its disk away. Set DATABASE_URL=postgresql://…, or run `python -m bot serve` alone."
        )
        raise SettingsError(message)
