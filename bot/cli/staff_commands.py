"""`staff …`: accounts of the consultation desk; the first 管理者 is created here."""

from typing import Annotated

import segno
import typer

from bot.bootstrap import load_keys, now
from bot.cli.errors import open_current, report_errors
from bot.domain.staff.permissions import Role
from bot.handlers.staff.staff_accounts import (
    AccountAdmin,
    Credentials,
    NewAccount,
    close_account,
    make_account,
    reset_account,
)
from bot.settings import read_settings
from bot.storage.staff.staff_rows import list_staff

staff_app = typer.Typer(no_args_is_help=True, help="Accounts of the consultation desk.")


@staff_app.command()
def add(
    login: str,
    name: Annotated[str, typer.Option(help="shown to colleagues")],
    role: Annotated[Role, typer.Option(help="the first one must be admin")] = Role.COUNSELLOR,
    mail: Annotated[str, typer.Option(help="address for notices")] = "",
    telephone: Annotated[str, typer.Option(help="shown to colleagues")] = "",
) -> None:
    """Create an account; its credentials are printed once."""
    wanted = NewAccount(login, name, role, mail, telephone)
    with report_errors():
        admin = _account_admin()
        credentials = make_account(admin, wanted)
        admin.store.close()
    _show(login, credentials)


@staff_app.command(name="list")
def list_command() -> None:
    """List the accounts."""
    with report_errors():
        store = open_current(read_settings())
    with store.reading() as connection:
        accounts = list_staff(connection)
    store.close()
    for account in accounts:
        state = "disabled" if account.is_disabled else ""
        typer.echo(f"{account.login:16} {account.role:11} {account.name}  {account.mail}  {state}".rstrip())
    if not accounts:
        typer.echo("No accounts. Make the first: python -m bot staff add LOGIN --name NAME --role admin")


@staff_app.command()
def disable(login: str) -> None:
    """Disable an account; its sessions end at once."""
    with report_errors():
        admin = _account_admin()
        close_account(admin, login)
        admin.store.close()
    typer.echo(f"{login} is disabled.")


@staff_app.command()
def reset(login: str) -> None:
    """Reset an account: password, code and recovery codes are printed once; its sessions end at once."""
    with report_errors():
        admin = _account_admin()
        credentials = reset_account(admin, login)
        admin.store.close()
    _show(login, credentials)


def _account_admin() -> AccountAdmin:
    settings = read_settings()
    keys, _ = load_keys(settings)
    return AccountAdmin(open_current(settings), keys, now())


def _show(login: str, credentials: Credentials) -> None:
    typer.echo(f"login:    {login}\npassword: {credentials.password}\n")
    typer.echo("Read this with an app for time-based codes:")
    segno.make(credentials.uri).terminal(compact=True)
    typer.echo(f"{credentials.uri}\n\nRecovery codes, each opens once:")
    for code in credentials.recovery_codes:
        typer.echo(f"  {code}")
