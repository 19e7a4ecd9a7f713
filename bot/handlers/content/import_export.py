"""Import and export Excel, CSV and folders: first a preview, then everything in one commit or nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from bot.content.cards.card_kinds import kind_of
from bot.content.cards.cards import CardRef, Values, cards_of, write_cards
from bot.content.cards.differences import CardChange, differences
from bot.content.content_files import Files
from bot.content.tables.table_files import read_tables, write_csv, write_workbook
from bot.content.tables.table_reader import RowFault, TableReading
from bot.content.tables.tables import SHEETS, SheetKind, table_of
from bot.domain.staff.permissions import Permission, Staff, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import Draft, read_draft
from bot.storage.content.draft_rows import Edit, add_edits, newest_edit, write_draft_file
from bot.storage.content.revision_rows import BehindError, lock_newest
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry

Changes = Mapping[CardRef, Values | None]


@dataclass(frozen=True)
class Imported:
    """Effect of a table file on the draft; a file with a fault has no effect."""

    faults: list[RowFault]
    changes: Changes
    shown: list[CardChange]


def export_workbook(files: Files) -> bytes:
    return write_workbook({sheet.name: table_of(files, sheet) for sheet in SHEETS})


def export_csv(files: Files, sheet: SheetKind) -> bytes:
    return write_csv(sheet, table_of(files, sheet))


def preview_tables(draft: Draft, body: bytes) -> Imported:
    """Compare the file with the draft. Raises TableError."""
    reading = TableReading(draft.files)
    reading.read(read_tables(body))
    if reading.faults:
        return Imported(sorted(reading.faults), {}, [])
    after = with_changes(draft.files, reading.changes)
    return Imported([], reading.changes, differences(draft.files, after))


def with_changes(files: Files, changes: Changes) -> dict[str, bytes]:
    by_file: dict[str, dict[str, Values | None]] = {}
    for place, values in changes.items():
        by_file.setdefault(place.file, {})[place.name] = values
    return {**files, **{file: write_cards(files, file, cards) for file, cards in by_file.items()}}


def import_changes(context: AppContext, staff: Staff, changes: Changes) -> int:
    """Apply previewed changes to the draft; returns how many. Raises NotAllowedError, BehindError, NoSuchCardError."""
    require(staff, Permission.EDIT_CONTENT)
    return write_import(context.store, staff.id, changes, context.clock())


def import_files(context: AppContext, by: str, files: Files) -> int:
    """Replace whole files of the draft, other files stay; returns how many cards changed. Raises BehindError."""
    draft = read_draft(context.store)
    changed = differences(draft.files, {**draft.files, **files})
    changes = {change.place: change.after for change in changed if change.place.file in draft.files}
    return write_import(context.store, by, changes, context.clock(), files)


def write_import(store: Store, by: str, changes: Changes, now: datetime, whole: Files = MappingProxyType({})) -> int:
    """One commit; returns the number of edits. `whole`: complete files to write. Raises BehindError.

    BehindError means that the draft was changed meanwhile.
    """
    draft = read_draft(store)
    cards = {place: values for place, values in changes.items() if kind_of(place.file)}
    after = {**with_changes(draft.files, {} if whole else cards), **whole}
    bodies = {file: body.decode() for file, body in after.items() if body != draft.files.get(file)}
    edits = _edits(draft, by, cards, now)

    def work(connection: Connection) -> None:
        if lock_newest(connection) != draft.base.number or newest_edit(connection) != draft.newest:
            raise BehindError
        for file, body in bodies.items():
            write_draft_file(connection, file, body)
        add_edits(connection, edits)
        add_audit_entry(connection, AuditEntry(now, by, "content-import", "", f"{len(edits)} cards"))

    store.transaction(work)
    return len(edits)


def changes_as_text(changes: Changes) -> str:
    """Serialise for a hidden form field."""
    return json.dumps([[place.file, place.name, values] for place, values in changes.items()], ensure_ascii=False)


def changes_from_text(text: str) -> Changes:
    """Inverse of `changes_as_text`. Raises ValueError."""
    rows = json.loads(text)
    return {CardRef(str(file), str(name)): values for file, name, values in rows}


def _edits(draft: Draft, by: str, changes: Changes, now: datetime) -> Sequence[Edit]:
    cards = {file: cards_of(draft.files, file) for file in {place.file for place in changes}}
    return [
        Edit(
            draft.newest + number, place.file, place.name, _written(cards[place.file].get(place.name)),
            _written(None if values is None else {**(cards[place.file].get(place.name) or {}), **values}),
            by, now, draft.base.number,
        )
        for number, (place, values) in enumerate(changes.items(), 1)
    ]  # fmt: skip


def _written(values: Values | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)
