"""`content …`: check, import, export, publish, restore and compare the content."""

from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import THRESHOLDS, fit_understander, now, open_context
from bot.cli.errors import report_errors, stop
from bot.content.cards.editions import carry_phrases, compare_editions
from bot.content.check.checker import check_content
from bot.content.content_files import Files, files_in, write_files
from bot.content.tables.table_files import TableError
from bot.content.yaml.yaml_form import parse_yaml
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Answerer
from bot.domain.staff.permissions import Role, Staff
from bot.handlers.content.checks.regression_report import RegressionReport
from bot.handlers.content.content_source import files_named
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.import_export import export_workbook, import_files, preview_tables, write_import
from bot.handlers.content.publish import restore as restore_revision
from bot.handlers.content.publish_from_console import publish_at_once
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import read_valid_catalog
from bot.settings import SHIPPED_CONTENT, read_settings
from bot.storage.content.revision_rows import BehindError

content_app = typer.Typer(no_args_is_help=True, help="What the bot knows.")
CONSOLE = Staff("", "console", "console", Role.ADMIN)
"""The actor in the audit for an operator on the server."""
Content = Annotated[str, typer.Option("--content", help="published, draft or a folder")]


@content_app.command()
def check(
    folder: Annotated[Path, typer.Argument()] = SHIPPED_CONTENT,
    write: Annotated[bool, typer.Option("--write", help="rewrite the files in the canonical form")] = False,
) -> None:
    """Report every fault of the content in one run."""
    if write:
        for name, body in files_in(folder).items():
            (folder / name).write_text(parse_yaml(name, body.decode("utf-8-sig")).written(), encoding="utf-8")
    faults = check_content(folder, now().astimezone(CITY_ZONE).date(), lambda _: _answerer_of(files_in(folder)))
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{len(faults)}件の直すところがあります。" if faults else "直すところはありません。")
    raise typer.Exit(1 if faults else 0)


@content_app.command(name="import")
def import_command(source: Annotated[Path, typer.Argument(help="an .xlsx or .csv file, or a folder")]) -> None:
    """Import content into the draft. If any row is faulty, all faulty rows are reported and nothing is imported."""
    with report_errors():
        context = open_context(read_settings())
    try:
        if source.is_dir():
            files = files_in(source)
            read_valid_catalog(files)
            count = import_files(context, "", files)
        else:
            preview = preview_tables(read_draft(context.store), source.read_bytes())
            for fault in preview.faults:
                typer.echo(f"{fault.sheet} {fault.row}行目: {fault.what} → {fault.mend}")
            if preview.faults:
                typer.echo(f"{len(preview.faults)}件の直すところがあります。何も変えていません。")
                raise typer.Exit(1)
            count = write_import(context.store, "", preview.changes, context.clock())
    except (TableError, BehindError, OSError) as error:
        stop(f"nothing was taken: {error or 'the draft was changed meanwhile; try again'}")
    finally:
        context.store.close()
    typer.echo(f"下書きの{count}か所を変えました。公開するには: python -m bot content publish --reason 理由")


@content_app.command()
def export(
    target: Annotated[Path, typer.Argument(help="an .xlsx file, or a folder")], content: Content = "published"
) -> None:
    """Export content: a folder like `intents/`, byte for byte, or one Excel file."""
    with report_errors():
        files = files_named(content)
    if target.suffix == ".xlsx":
        target.write_bytes(export_workbook(files))
    else:
        target.mkdir(parents=True, exist_ok=True)
        write_files(target, files)
    typer.echo(str(target))


@content_app.command()
def publish(reason: Annotated[str, typer.Option(help="the reason, shown in the list of revisions")]) -> None:
    """Check the draft for regressions and publish it; a running server loads it within seconds."""
    with report_errors():
        context = open_context(read_settings())
    try:
        report, revision = publish_at_once(context, reason)
    except BehindError:
        stop("the draft was changed meanwhile; try again")
    finally:
        context.store.close()
    _print_report(report)
    typer.echo(f"第{revision.number}版を公開しました。" if revision else "公開していません。")
    raise typer.Exit(0 if revision else 1)


@content_app.command()
def restore(number: int) -> None:
    """Publish an old revision again."""
    with report_errors():
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
    carry: Annotated[
        list[str], typer.Option(help="measure-01=measure-03: copy the phrases of the first to the second")
    ] = [],  # noqa: B006 -- typer reads it and never changes it
) -> None:
    """Compare the entries of two editions; with --carry add phrases to files of the new one."""
    before, after = files_in(old), files_in(new)
    for line in compare_editions(before, after):
        typer.echo(line)
    try:
        targets = {pair.partition("=")[0]: pair.partition("=")[2] or pair for pair in carry}
        carried = carry_phrases(before, after, targets)
    except KeyError as error:
        stop(f"--carry: there is no entry {error}")
    for name, body in carried.items():
        (new / name).write_bytes(body)
        typer.echo(f"{name} に、前の版の言い方を足しました。")


def _answerer_of(files: Files) -> Answerer:
    return answerer(fit_understander(files), THRESHOLDS, now)


def _print_report(report: RegressionReport) -> None:
    for file, line, what, mend in report.faults:
        typer.echo(f"{file} {line}行目: {what} → {mend}")
    for lost in report.lost:
        typer.echo(f"SOSに気づけなくなります: 「{lost.text}」 {lost.before} → {lost.after}")
    if report.drops_too_far:
        typer.echo(f"最初の答えが正しい割合が {report.drop} 下がります（{report.most_drop} まで）。")
    typer.echo(f"答えが変わる質問: {len(report.turned)}")
