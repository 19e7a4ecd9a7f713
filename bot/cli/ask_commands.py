"""`ask`, `chat`, `evaluate`: the code path of a message from a channel, without delivery. Nothing is stored."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import THRESHOLDS, fit_understander, now
from bot.cli.errors import report_errors
from bot.domain.conversation.conversation import Conversation
from bot.domain.messages import Reply
from bot.domain.understanding.understander import Understander
from bot.handlers.content.checks.evaluate import baseline, predict, read_cases, score
from bot.handlers.content.content_source import files_named
from bot.handlers.conversation.answer_dry_run import answer_once, answerer

Content = Annotated[str, typer.Option("--content", help="published, draft or a folder")]


def ask(
    text: Annotated[str, typer.Argument(help="the message; - reads standard input")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    content: Content = "published",
) -> None:
    """Ask one question. Nothing is stored."""
    message = sys.stdin.buffer.read().decode("utf-8", errors="replace") if text == "-" else text
    with report_errors():
        understander = _understander_of(content)
    reply = answer_once(understander, THRESHOLDS, message, now()).reply
    typer.echo(json.dumps(_as_object(reply), ensure_ascii=False) if as_json else reply.text)


def chat(content: Content = "published") -> None:
    """Chat with the bot in the terminal. Nothing is stored; an empty line ends it."""
    with report_errors():
        understander = _understander_of(content)
    talk = Conversation()
    while message := input("> ").strip():
        turn = answer_once(understander, THRESHOLDS, message, now(), talk)
        talk = turn.talk
        typer.echo(f"\n{turn.reply.text}\n")


def evaluate(
    cases: Annotated[Path, typer.Argument(help="a JSONL file of messages with expected answers")],
    predictions: Annotated[Path | None, typer.Option(help="write one line per case to this file")] = None,
    with_baseline: Annotated[bool, typer.Option("--baseline", help="WRatio over the same phrases beside it")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    content: Content = "published",
) -> None:
    """Score the bot on a set of messages. Nothing is stored."""
    with report_errors():
        scored = read_cases(cases)
        understander = _understander_of(content)

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


def _understander_of(content: str) -> Understander:
    """The content of that name, ready to understand. Raises SettingsError, ContentError."""
    return fit_understander(files_named(content))


def _as_object(reply: Reply) -> dict[str, object]:
    entries = [{"id": shown.id, "title": shown.title, "score": shown.score} for shown in reply.entries]
    return {"route": reply.route, "entries": entries, "reply": reply.text}


def _figures(tables: dict[str, dict[str, dict[str, float | int]]]) -> dict[str, object]:
    """Stable names for machines: each value by its name, its n under `of`, the baseline's value under `baseline`."""
    plain: dict[str, object] = {name: figure["value"] for name, figure in tables["bot"].items()}
    plain["of"] = {name: figure["n"] for name, figure in tables["bot"].items()}
    if "baseline" in tables:
        plain["baseline"] = {name: figure["value"] for name, figure in tables["baseline"].items()}
    return plain


def _table(tables: dict[str, dict[str, dict[str, float | int]]]) -> str:
    lines = [f"{'':28}" + "".join(f"{name:>10}" for name in tables) + "       n"]
    for figure, result in tables["bot"].items():
        values = "".join(f"{table[figure]['value']:>10}" for table in tables.values())
        lines.append(f"{figure:28}{values}{result['n']:>8}")
    return "\n".join(lines)
