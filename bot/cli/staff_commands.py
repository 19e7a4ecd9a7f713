"""`staff …`: accounts of the consultation desk on the command line; the first 管理者 is made here."""

from typing import Annotated

import segno
import typer

from bot.bootstrap import load_keys, now
from bot.cli.errors import faults_said, open_current
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
    name: Annotated[str, typer.Option(help="as colleagues read it")],
    role: Annotated[Role, typer.Option(help="the first one must be admin")] = Role.COUNSELLOR,
    mail: Annotated[str, typer.Option(help="where notices go")] = "",
    telephone: Annotated[str, typer.Option(help="for colleagues to read")] = "",
) -> None:
    """Make an account; what opens it is printed once."""
    wanted = NewAccount(login, name, role, mail, telephone)
    with faults_said():
        office = _office()
        opener = make_account(office, wanted)
        office.store.close()
    _show(login, opener)


@staff_app.command(name="list")
def list_command() -> None:
    """List the accounts."""
    with faults_said():
        store = open_current(read_settings())
    with store.reading() as connection:
        accounts = list_staff(connection)
    store.close()
    for each in accounts:
        state = "disabled" if each.is_disabled else ""
        typer.echo(f"{each.login:16} {each.role:11} {each.name}  {each.mail}  {state}".rstrip())
    if not accounts:
        typer.echo("No accounts. Make the first: python -m bot staff add LOGIN --name NAME --role admin")


@staff_app.command()
def disable(login: str) -> None:
    """Close an account; its sessions end at once."""
    with faults_said():
        office = _office()
        close_account(office, login)
        office.store.close()
    typer.echo(f"{login} is disabled.")


@staff_app.command()
def reset(login: str) -> None:
    """Open an account anew: password, code and recovery codes, printed once; its sessions end at once."""
    with faults_said():
        office = _office()
        opener = reset_account(office, login)
        office.store.close()
    _show(login, opener)


def _office() -> AccountAdmin:
    settings = read_settings()
    keys, _ = load_keys(settings)
    return AccountAdmin(open_current(settings), keys, now())


def _show(login: str, opener: Credentials) -> None:
    typer.echo(f"login:    {login}\npassword: {opener.password}\n")
    typer.echo("Read this with an app for time-based codes:")
    segno.make(opener.uri).terminal(compact=True)
    typer.echo(f"{opener.uri}\n\nRecovery codes, each opens once:")
    for each in opener.recovery_codes:
        typer.echo(f"  {each}")
