"""Errors that every command may meet: one line in plain English and exit code 2, never a traceback."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from sqlalchemy.exc import OperationalError

from bot.channels.account_findings import AccountFinding, AccountVerdict
from bot.content.content_faults import ContentError
from bot.handlers.content.checks.evaluate import CasesError
from bot.handlers.operations.purge import NotPurgedError
from bot.handlers.staff.staff_accounts import AccountError
from bot.settings import Settings, SettingsError
from bot.storage.engine import Store, open_store
from bot.storage.migrate import is_current
from bot.storage.operations.backup_file import BackupError


@contextmanager
def report_errors() -> Iterator[None]:
    """Print expected errors and exit."""
    try:
        yield
    except ContentError as error:
        stop(f"the content has {len(error.faults)} faults (python -m bot content check). The first: {error.faults[0]}")
    except (SettingsError, CasesError, AccountError, BackupError, NotPurgedError) as error:
        stop(str(error))
    except OperationalError as error:
        stop(f"the database does not answer ({str(error.orig).splitlines()[0]})")
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}")


async def print_findings(findings: AsyncIterator[AccountFinding]) -> bool:
    """Print each finding; return whether any is wrong."""
    is_wrong = False
    async for finding in findings:
        typer.echo(finding)
        is_wrong = is_wrong or finding.verdict is AccountVerdict.WRONG
    return is_wrong


def stop(message: str) -> NoReturn:
    """Print the message and exit with code 2."""
    typer.echo(f"sasaeai: {message}", err=True)
    raise typer.Exit(2)


def open_current(settings: Settings) -> Store:
    """Open the database. Raises SettingsError if its schema is not the newest."""
    store = open_store(settings.database_url)
    if is_current(store):
        return store
    store.close()
    message = "the database has not the newest schema; run: python -m bot migrate"
    raise SettingsError(message)
