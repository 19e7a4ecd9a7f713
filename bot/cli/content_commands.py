"""`content …`: check, bring in, bring out, publish, restore and compare what the bot knows."""

from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import THRESHOLDS, fit_understander, now, open_context
from bot.cli.errors import faults_said, stop
from bot.content.cards.editions import carry_phrases, compare_editions
from bot.content.check.checker import check_content
from bot.content.content_files import Files, files_in, write_files
from bot.content.tables.table_files import TableError
from bot.content.yaml.yaml_form import parse_yaml
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Answerer
from bot.domain.staff.permissions import Role, Staff
from bot.handlers.content.content_source import files_named
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.import_export import export_workbook, import_files, preview_tables, take_in
from bot.handlers.content.publish import restore as restore_revision
from bot.handlers.content.publish_from_console import publish_at_once
from bot.handlers.content.regression_report import RegressionReport
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import read_whole
from bot.settings import SHIPPED_CONTENT, read_settings
from bot.storage.content.revision_rows import BehindError

content_app = typer.Typer(no_args_is_help=True, help="What the bot knows.")
CONSOLE = Staff("", "console", "console", Role.ADMIN)
"""Whoever has the machine in their hands."""
Content = Annotated[str, typer.Option("--content", help="published, draft or a folder")]


@content_app.command()
def check(
    folder: Annotated[Path, typer.Argument()] = SHIPPED_CONTENT,
    write: Annotated[bool, typer.Option("--write", help="bring the files into the one form of writing")] = False,
) -> None:
    """Find every fault of the content in one run."""
    if write:
        for name, body in files_in(folder).items():
            (folder / name).write_text(parse_yaml(name, body.decode("utf-8-sig")).written(), encoding="utf-8")
    faults = check_content(folder, now().astimezone(CITY_ZONE).date(), lambda _: _asking(files_in(folder)))
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{len(faults)}件の直すところがあります。" if faults else "直すところはありません。")
    raise typer.Exit(1 if faults else 0)


@content_app.command(name="import")
def import_command(source: Annotated[Path, typer.Argument(help="an .xlsx or .csv file, or a folder")]) -> None:
    """Bring content into the draft. Faulty rows are all said, and then nothing is taken."""
    with faults_said():
        context = open_context(read_settings())
    try:
        if source.is_dir():
            files = files_in(source)
            read_whole(files)
            count = import_files(context, "", files)
        else:
            found = preview_tables(read_draft(context.store), source.read_bytes())
            for fault in found.faults:
                typer.echo(f"{fault.sheet} {fault.row}行目: {fault.what} → {fault.mend}")
            if found.faults:
                typer.echo(f"{len(found.faults)}件の直すところがあります。何も変えていません。")
                raise typer.Exit(1)
            count = take_in(context.store, "", found.changes, context.clock())
    except (TableError, BehindError, OSError) as error:
        stop(f"nothing was taken: {error or 'the draft was changed meanwhile; try again'}")
    finally:
        context.store.close()
    typer.echo(f"下書きの{count}か所を変えました。公開するには: python -m bot content publish --reason 理由")


@content_app.command()
def export(
    target: Annotated[Path, typer.Argument(help="an .xlsx file, or a folder")], content: Content = "published"
) -> None:
    """Bring content out: a folder like `intents/`, byte for byte, or one Excel file."""
    with faults_said():
        files = files_named(content)
    if target.suffix == ".xlsx":
        target.write_bytes(export_workbook(files))
    else:
        target.mkdir(parents=True, exist_ok=True)
        write_files(target, files)
    typer.echo(str(target))


@content_app.command()
def publish(reason: Annotated[str, typer.Option(help="why, for those who read the list of revisions")]) -> None:
    """Prove the draft and put it in force; a running server takes it up within seconds."""
    with faults_said():
        context = open_context(read_settings())
    try:
        proof, revision = publish_at_once(context, reason)
    except BehindError:
        stop("the draft was changed meanwhile; try again")
    finally:
        context.store.close()
    _say_proof(proof)
    typer.echo(f"第{revision.number}版を公開しました。" if revision else "公開していません。")
    raise typer.Exit(0 if revision else 1)


@content_app.command()
def restore(number: int) -> None:
    """Put an old revision in force again."""
    with faults_said():
        context = open_context(read_settings())
    try:
        revision = restore_revision(context, CONSOLE, number)
    except LookupError:
        stop(f"there is no revision {number}")
    except BehindError:
        stop("the draft was changed meanwhile; try again")
    finally:
        context.store.close()
    typer.echo(f"第{number}版の内容を、第{revision.number}版として公開しました。")


@content_app.command()
def compare(
    old: Path,
    new: Path,
    carry: Annotated[list[str], typer.Option(help="measure-01=measure-03: phrases of the first go to the second")] = [],  # noqa: B006 -- typer reads it, nobody writes
) -> None:
    """Lay the entries of two editions side by side; with --carry add phrases to files of the new one."""
    before, after = files_in(old), files_in(new)
    for line in compare_editions(before, after):
        typer.echo(line)
    try:
        wanted = {each.partition("=")[0]: each.partition("=")[2] or each for each in carry}
        carried = carry_phrases(before, after, wanted)
    except KeyError as error:
        stop(f"--carry: there is no entry {error}")
    for name, body in carried.items():
        (new / name).write_bytes(body)
        typer.echo(f"{name} に、前の版の言い方を足しました。")


def _asking(files: Files) -> Answerer:
    return answerer(fit_understander(files), THRESHOLDS, now)


def _say_proof(proof: RegressionReport) -> None:
    for file, line, what, mend in proof.faults:
        typer.echo(f"{file} {line}行目: {what} → {mend}")
    for lost in proof.lost:
        typer.echo(f"SOSに気づけなくなります: 「{lost.text}」 {lost.before} → {lost.after}")
    if proof.drops_too_far:
        typer.echo(f"最初の答えが正しい割合が {proof.drop} 下がります（{proof.most_drop} まで）。")
    typer.echo(f"答えが変わる質問: {len(proof.turned)}")
