"""The command line: `python -m bot …`. Each command is a few lines over a handler; faults are said in plain English."""

import asyncio
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import (
    THRESHOLDS,
    build_server,
    build_worker,
    load_keys,
    now,
    open_context,
    require_telegram_door,
    telegram_polling,
)
from bot.cli.content_commands import content_app, content_named
from bot.cli.errors import faults_said, open_current
from bot.cli.line_commands import line_app
from bot.cli.maintenance_commands import UPKEEP
from bot.cli.staff_commands import staff_app
from bot.cli.telegram_commands import telegram_app
from bot.domain.cases.case import shown_number
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.conversation.dialogue_step import Conversation
from bot.domain.messages import Reply
from bot.handlers.cases.open_cases import list_open_cases
from bot.handlers.content.evaluate import baseline, predict, read_cases, score
from bot.handlers.conversation.answer_dry_run import answer_once, answerer
from bot.redacted_logging import redact_logs
from bot.settings import Settings, SettingsError, read_settings
from bot.storage.engine import open_store, sqlite_file
from bot.storage.inbox.inbox_rows import list_dead_letters, replay_dead_letters
from bot.storage.migrate import migrate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(content_app, name="content")
app.add_typer(line_app, name="line")
app.add_typer(telegram_app, name="telegram")
app.add_typer(staff_app, name="staff")
for upkeep in UPKEEP:
    app.command()(upkeep)

Content = Annotated[str, typer.Option("--content", help="published, draft or a folder")]


@app.callback()
def main() -> None:
    """The welfare bot of a city hall."""
    redact_logs()


@app.command()
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


@app.command()
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


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    with faults_said():
        settings = read_settings()
        load_keys(settings)
        store = open_store(settings.database_url)
        migrate(store)
        store.close()
    typer.echo("The database has the newest schema.")


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="the message; - reads standard input")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    content: Content = "published",
) -> None:
    """Ask one question. Nothing is stored."""
    said = sys.stdin.buffer.read().decode("utf-8", errors="replace") if text == "-" else text
    with faults_said():
        understander = content_named(content)
    reply = answer_once(understander, THRESHOLDS, said, now()).reply
    typer.echo(json.dumps(_as_object(reply), ensure_ascii=False) if as_json else reply.text)


@app.command()
def chat(content: Content = "published") -> None:
    """Talk with the bot in the terminal. Nothing is stored; an empty line ends it."""
    with faults_said():
        understander = content_named(content)
    talk = Conversation()
    while said := input("> ").strip():
        turn = answer_once(understander, THRESHOLDS, said, now(), talk)
        talk = turn.talk
        typer.echo(f"\n{turn.reply.text}\n")


@app.command()
def evaluate(
    cases: Annotated[Path, typer.Argument(help="a JSONL file of messages with expected answers")],
    predictions: Annotated[Path | None, typer.Option(help="write one line a case here")] = None,
    with_baseline: Annotated[bool, typer.Option("--baseline", help="WRatio over the same phrases beside it")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    content: Content = "published",
) -> None:
    """Score the bot on a set of messages. Nothing is stored."""
    with faults_said():
        scored = read_cases(cases)
        understander = content_named(content)

    answer = answerer(understander, THRESHOLDS, now)
    answer("はじめ")
    triage = understander.catalog.triage
    predicted = predict(answer, scored)
    if predictions:
        rows = (
            {"text": c.text, "route": p.route, "entries": p.entries} for c, p in zip(scored, predicted, strict=True)
        )
        predictions.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    tables = {"bot": score(scored, predicted, triage)}
    if with_baseline:
        tables["baseline"] = score(scored, predict(baseline(understander.catalog), scored), triage)
    typer.echo(json.dumps(_figures(tables), ensure_ascii=False) if as_json else _table(tables))


@app.command(name="cases")
def cases_command(words: Annotated[bool, typer.Option("--words", help="with the messages, opened")] = False) -> None:
    """List the open cases, the most urgent first; many from one address are one group."""
    with faults_said():
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


@app.command(name="inbox")
def inbox_command(replay: Annotated[bool, typer.Option("--replay", help="handle them again")] = False) -> None:
    """List the events of platforms that could not be handled and were set aside, without their words."""
    with faults_said():
        store = open_current(read_settings())
    with store.reading() as connection:
        aside = list_dead_letters(connection)
    for each in aside:
        typer.echo(f"{each.received_at:%Y-%m-%d %H:%M:%S} UTC  {each.channel}  {each.kind}  {each.fault}")
    if replay:
        count = store.transaction(lambda connection: replay_dead_letters(connection, now()))
        typer.echo(f"{count} will be handled again by the running server.")
    else:
        typer.echo(f"{len(aside)} set aside." if aside else "Nothing is set aside.")
    store.close()


def _as_object(reply: Reply) -> dict[str, object]:
    entries = [{"id": shown.id, "title": shown.title, "score": shown.score} for shown in reply.entries]
    return {"route": reply.route, "entries": entries, "reply": reply.text}


def _figures(tables: dict[str, dict[str, dict[str, float | int]]]) -> dict[str, object]:
    """Stable names for machines: the figure itself, its n under `of`, the baseline's under `baseline`."""
    plain: dict[str, object] = {name: figure["value"] for name, figure in tables["bot"].items()}
    plain["of"] = {name: figure["n"] for name, figure in tables["bot"].items()}
    if "baseline" in tables:
        plain["baseline"] = {name: figure["value"] for name, figure in tables["baseline"].items()}
    return plain


def _table(tables: dict[str, dict[str, dict[str, float | int]]]) -> str:
    lines = [f"{'':28}" + "".join(f"{name:>10}" for name in tables) + "       n"]
    for figure, found in tables["bot"].items():
        values = "".join(f"{table[figure]['value']:>10}" for table in tables.values())
        lines.append(f"{figure:28}{values}{found['n']:>8}")
    return "\n".join(lines)


def _needs_postgresql(settings: Settings, command: str) -> None:
    if sqlite_file(settings.database_url) is not None:
        message = (
            f"`{command}` needs PostgreSQL: several processes on several machines cannot share an SQLite file, and a "
            "Procfile host throws its disk away. Set DATABASE_URL=postgresql://…, or run `python -m bot serve` alone."
        )
        raise SettingsError(message)
