"""`backup`, `restore`, `purge`, `reseal`, and the database part of `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import (
    THRESHOLDS,
    backup_folder,
    fit_understander,
    have_keys,
    load_keys,
    now,
    platforms_that_know_repeats,
)
from bot.cli.errors import open_current, report_errors
from bot.content.check.checker import check_files
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.operations.health_findings import HealthFinding, HealthVerdict
from bot.handlers.app_context import AppContext, PublishedContent
from bot.handlers.content.content_source import files_named
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import read_valid_catalog
from bot.handlers.operations.backup_restore import Restored, RestoreSetting, back_up, restore_database, restore_file
from bot.handlers.operations.health_report import Deployment, health_report
from bot.handlers.operations.purge import purge_kept, purge_resident
from bot.handlers.operations.rotate_keys import rotate_keys
from bot.settings import Settings, SettingsError, read_settings
from bot.storage.engine import Store, open_store, sqlite_file
from bot.storage.migrate import is_current, migrate
from bot.storage.operations.backup_file import Contents


def backup(file: Annotated[Path | None, typer.Argument(help="by default a dated file in data/backups")] = None) -> None:
    """Write everything but the keys into one file, while the server runs, and verify it by reading it."""
    with report_errors():
        settings = read_settings()
        target = file or backup_folder(settings) / f"sasaeai-{now():%Y%m%dT%H%M%SZ}.db"
        store = open_current(settings)
        try:
            contents = back_up(store, target, now())
        finally:
            store.close()
    typer.echo(f"{target}: {_summary(contents)}. Keep the keys elsewhere: without them nobody can read it.")


def restore(
    file: Annotated[Path, typer.Argument(help="a file that `backup` wrote")],
    force: Annotated[bool, typer.Option("--force", help="replace an existing database")] = False,
) -> None:
    """Replace the database with a backup. The server must be stopped, the keys must be there."""
    with report_errors():
        settings = read_settings()
        if not have_keys(settings):
            message = "put the keys back first (data/keys, or CONTENT_KEYS and SECRET_KEY): nothing opens without them"
            raise SettingsError(message)
        restored = _restored(settings, file, force=force)
    typer.echo(f"Restored {file}: {_summary(restored.contents)}.")
    typer.echo(
        f"Messages that waited: {restored.again} are sent now; {restored.unknown} may have gone out since and are not "
        f"sent again (shown at the desk). Events that nobody had looked at: {restored.events}; they are handled now."
    )
    typer.echo("Everybody signs in again. Recovery codes used since then open again: `staff reset` who used one.")


def purge(
    resident: Annotated[str, typer.Option(help="a case's number: erase everything of the person who has it")] = "",
) -> None:
    """Erase what has reached the end of its retention (the server does so automatically), or one person's data."""
    with report_errors():
        store = open_current(read_settings())
        try:
            summary = _purge_person(store, resident) if resident else _purge_expired(store)
        finally:
            store.close()
    typer.echo(summary)


def reseal() -> None:
    """Seal everything with the newest of CONTENT_KEYS, while a server with the same keys runs."""
    with report_errors():
        settings = read_settings()
        keys, _ = load_keys(settings)
        store = open_current(settings)
        count = rotate_keys(store, keys)
        store.close()
    typer.echo(f"{count.done} values are sealed with the newest key ({keys.newest}).")
    if count.failed:
        typer.echo(f"{count.failed} cannot be opened with any key of CONTENT_KEYS: put the old key back.", err=True)
        raise typer.Exit(1)
    typer.echo("The older keys may be taken out of CONTENT_KEYS. Backups made before need them still.")


def database_findings(settings: Settings) -> list[HealthFinding]:
    """The findings of `doctor` in the database and the published content. Raises SettingsError without a database."""
    store = _existing(settings)
    try:
        return _health_of(settings, store) if is_current(store) else [HealthFinding("schema", HealthVerdict.ACT)]
    finally:
        store.close()


def _existing(settings: Settings) -> Store:
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        message = f"there is no database yet ({file}); start the bot first: python -m bot serve"
        raise SettingsError(message)
    return open_store(settings.database_url)


def _health_of(settings: Settings, store: Store) -> list[HealthFinding]:
    keys, secret = load_keys(settings)
    files = files_named("published")
    understander = fit_understander(files)
    ask = answerer(understander, THRESHOLDS, now)
    faults = check_files(files, now().astimezone(CITY_ZONE).date(), lambda _: ask)
    has_mail = bool(settings.smtp_url.get_secret_value())
    staff_channels = frozenset(settings.platforms) | ({"mail"} if has_mail else frozenset())
    content = PublishedContent(understander)
    context = AppContext(store, keys, content, THRESHOLDS, secret, now, staff_channels=staff_channels)
    deployment = Deployment(sqlite_file(settings.database_url), settings.platforms, settings.is_https, len(faults))
    return health_report(context, deployment, now())


def _restored(settings: Settings, file: Path, *, force: bool) -> Restored:
    keys, _ = load_keys(settings)
    setting = RestoreSetting(keys, now(), platforms_that_know_repeats())
    target = sqlite_file(settings.database_url)
    if target is not None:
        return restore_file(file, target, setting, force=force)
    store = open_store(settings.database_url)
    try:
        migrate(store)
        return restore_database(file, store, setting, force=force)
    finally:
        store.close()


def _purge_person(store: Store, number: str) -> str:
    erased = purge_resident(store, number.replace("-", ""), now())
    return f"{erased} messages are erased, with their answers, notes and address. Backups made before hold them still."


def _purge_expired(store: Store) -> str:
    erased = purge_kept(store, read_valid_catalog(files_named("published")).retention, now())
    return (
        f"Erased: {erased.messages} messages of no case, the words of {erased.cases} cases, {erased.people} people, "
        f"{erased.traces} rows of the audit."
    )


def _summary(contents: Contents) -> str:
    return (
        f"{contents.cases} cases ({contents.open_cases} open), {contents.messages} messages, "
        f"{contents.pending} waiting to be sent"
    )
