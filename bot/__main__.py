"""The command line: `python -m bot …`. Each command is a few lines over a handler; errors are in plain English."""

import asyncio

import typer

from bot.cli.ask_commands import ask, chat, evaluate
from bot.cli.case_commands import cases, inbox
from bot.cli.content_commands import content_app
from bot.cli.errors import report_errors
from bot.cli.line_commands import expected_account, line_app, print_line_findings
from bot.cli.maintenance_commands import backup, database_findings, purge, reseal, restore
from bot.cli.server_commands import migrate, serve, work
from bot.cli.staff_commands import staff_app
from bot.cli.telegram_commands import expected_bot, print_telegram_findings, telegram_app
from bot.domain.operations.health_findings import HealthVerdict
from bot.domain.operations.health_texts import ENGLISH
from bot.redacted_logging import redact_logs
from bot.settings import read_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(content_app, name="content")
app.add_typer(line_app, name="line")
app.add_typer(telegram_app, name="telegram")
app.add_typer(staff_app, name="staff")


@app.callback()
def main() -> None:
    """The welfare bot of a city hall."""
    redact_logs()


def doctor() -> None:
    """Check everything and print what to do about each finding; exit code 1 if something must be done."""
    with report_errors():
        settings = read_settings()
        findings = database_findings(settings)
    for finding in findings:
        state, to_do = ENGLISH[finding.name].of(finding)
        line = f"{finding.verdict}  {state}" + (f"  -> {to_do}" if to_do else "")
        typer.secho(line, fg=typer.colors.RED if finding.verdict is HealthVerdict.ACT else None)
    wrong = any(finding.verdict is HealthVerdict.ACT for finding in findings)
    if settings.line_secrets and settings.public_url:
        wrong = asyncio.run(print_line_findings(settings, expected_account(settings))) or wrong
    if settings.telegram_secrets and settings.is_https:
        wrong = asyncio.run(print_telegram_findings(settings, expected_bot(settings))) or wrong
    raise typer.Exit(1 if wrong else 0)


for registered in (serve, work, migrate, ask, chat, evaluate, cases, inbox, doctor, backup, restore, purge, reseal):
    app.command()(registered)

if __name__ == "__main__":
    app()
