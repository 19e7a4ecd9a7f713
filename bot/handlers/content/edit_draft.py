"""Edit the draft one card at a time. Concurrent edits of a card are merged; a conflict is shown to both editors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bot.content.cards.card_kinds import kind_of
from bot.content.cards.cards import CardRef, Values, read_card, write_card
from bot.content.cards.differences import differences
from bot.content.cards.three_way_merge import merge_fields
from bot.content.content_files import Files, digest_of, unpack_files
from bot.content.older_content import in_current_form
from bot.content.yaml.yaml_form import Data
from bot.domain.staff.permissions import Permission, Staff, require
from bot.handlers.app_context import AppContext
from bot.storage.content.draft_rows import (
    Edit,
    add_edit,
    clear_draft,
    edit_as_seen,
    list_edits,
    mark_undone,
    newest_edit,
    read_draft_file,
    read_draft_files,
    write_draft_file,
)
from bot.storage.content.regression_rows import RegressionRow, read_regression
from bot.storage.content.revision_rows import Revision, lock_newest, read_content, read_revision
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry

EDIT_SESSION_GAP = timedelta(minutes=10)
"""Edits of one card by one person with shorter pauses than this are undone together."""
_ATTEMPTS = 5


class NoRevisionError(Exception):
    """The database has no revision yet: no server has started on it."""


@dataclass(frozen=True)
class Draft:
    """The draft and the revision it is based on. `newest`: the number of the newest edit ever made."""

    base: Revision
    published: Files
    files: Files
    newest: int

    @property
    def digest(self) -> str:
        return digest_of(self.files)

    @property
    def is_changed(self) -> bool:
        return any(self.files[name] != body for name, body in self.published.items())

    @property
    def seen(self) -> str:
        """Version of the draft that a form was rendered from; the form sends it back."""
        return f"{self.base.number}-{self.newest}"


@dataclass(frozen=True)
class Saved:
    """The card after saving. `theirs`: fields that somebody else changed too, with their values; `by`: who."""

    values: Values | None
    seen: str
    theirs: Mapping[str, Data]
    by: str = ""


def read_draft(store: Store) -> Draft:
    """Raises NoRevisionError."""
    with store.reading() as connection:
        base = read_revision(connection)
        if base is None:
            raise NoRevisionError
        published = unpack_files(read_content(connection, base.digest))
        changed = {name: body.encode() for name, body in read_draft_files(connection).items()}
        return Draft(base, published, {**published, **changed}, newest_edit(connection))


@dataclass(frozen=True)
class CardForm:
    """A card as filled in on a page; `fields` None deletes the card. `seen`: the page's `Draft.seen`.

    `gives_way`: do not overwrite on conflict. For autosave, where nobody would read the other editor's values.
    """

    place: CardRef
    fields: Values | None
    seen: str
    gives_way: bool = False


def save_card(context: AppContext, staff: Staff, form: CardForm) -> Saved:
    """Save the form, keeping other editors' changes to other fields. Raises NotAllowedError, NoSuchCardError.

    If both changed the same field, this form wins and the other values are returned, to be shown side by side;
    a form that gives way saves nothing then.
    """
    require(staff, Permission.EDIT_CONTENT)
    place = form.place
    for _ in range(_ATTEMPTS):
        draft = read_draft(context.store)
        now = read_card(draft.files, place)
        base, by = _as_seen(context.store, draft, form)
        values, theirs = _joined(base, form.fields, now)
        if theirs and form.gives_way:
            return Saved(now, form.seen, theirs, by)
        if values == now or _write(context, staff, draft, (place, now, values)):
            return Saved(values, read_draft(context.store).seen, theirs, by if theirs else "")
    message = f"{place.file} changed {_ATTEMPTS} times while it was being saved"
    raise RuntimeError(message)


def undo(context: AppContext, staff: Staff, place: CardRef) -> bool:
    """Undo the last edit session on a card. False if there is nothing to undo. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)
    draft = read_draft(context.store)
    session = _last_edit_session(context.store, draft, place)
    if not session:
        return False
    before = _parsed(session[-1].before)
    change = (place, read_card(draft.files, place), before)
    return _write(context, staff, draft, change, undoes=[edit.number for edit in session])


def discard(context: AppContext, staff: Staff) -> None:
    """Discard the whole draft; its edit history stays. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)

    def work(connection: Connection) -> None:
        lock_newest(connection)
        clear_draft(connection)
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, "draft-discarded"))

    context.store.transaction(work)


def read_check(store: Store, draft: Draft) -> RegressionRow | None:
    """The regression check of this draft, finished or not; None if the base revision has been replaced."""
    with store.reading() as connection:
        row = read_regression(connection, draft.digest)
    return row if row and row.base == draft.base.number else None


def rebase_draft(draft: Draft, files: Files) -> dict[str, bytes]:
    """Apply the draft's own changes to other content; returns the files that change."""
    rebased = dict(files)
    published, own = in_current_form(draft.published, files), in_current_form(draft.files, files)
    for change in differences(published, own):
        place = change.place
        if kind_of(place.file) is None:
            rebased[place.file] = own[place.file]
            continue
        base, now = read_card(published, place) or {}, read_card(rebased, place) or {}
        values = None if change.after is None else merge_fields(base, change.after, now).values
        rebased[place.file] = write_card(rebased, place, values)
    return {file: body for file, body in rebased.items() if body != files.get(file)}


def history_of(store: Store, place: CardRef) -> list[Edit]:
    """All edits of a card, newest first."""
    with store.reading() as connection:
        return list_edits(connection, file=place.file, name=place.name)


def _joined(base: Values | None, fields: Values | None, now: Values | None) -> tuple[Values | None, Values]:
    """(merged card, the other editor's values of fields that both changed)."""
    if fields is None:
        return None, {}
    if now is None:  # the card is new, or somebody deleted it meanwhile: saving restores it
        return {**(base or {}), **fields}, {}
    current = {name: now.get(name, "") for name in fields}
    merged = merge_fields(base or {}, fields, current)
    return {**now, **_without_empty(merged.values, now)}, {name: current[name] for name in merged.conflicts}


def _as_seen(store: Store, draft: Draft, form: CardForm) -> tuple[Values | None, str]:
    """(the card as it was when the form was rendered, who changed it last)."""
    place = form.place
    revision, _, number = form.seen.partition("-")
    with store.reading() as connection:
        last = list_edits(connection, file=place.file, name=place.name, most=1)
        by = last[0].staff if last else ""
        if not (revision.isdigit() and number.isdigit()):
            return read_card(draft.files, place), by
        edit = edit_as_seen(connection, place.file, place.name, int(revision), int(number))
        if edit:
            return _parsed(edit.after), by
        known = read_revision(connection, int(revision)) or draft.base
        files = unpack_files(read_content(connection, known.digest))
    return read_card(files, place), by


def _write(
    context: AppContext,
    staff: Staff,
    draft: Draft,
    change: tuple[CardRef, Values | None, Values | None],
    undoes: list[int] | None = None,
) -> bool:
    """Write one card's change; False if its file was changed meanwhile."""
    place, before, after = change
    body, seen = write_card(draft.files, place, after).decode(), draft.files[place.file].decode()
    now = context.clock()

    def work(connection: Connection) -> bool:
        is_behind = lock_newest(connection) != draft.base.number
        current = read_draft_file(connection, place.file) or draft.published[place.file].decode()
        if is_behind or current != seen:
            return False
        number = newest_edit(connection) + 1
        last = list_edits(connection, file=place.file, name=place.name, most=1)
        write_draft_file(connection, place.file, body)
        texts = (_written(before), _written(after))
        edit = Edit(number, place.file, place.name, *texts, staff.id, now, draft.base.number)
        add_edit(connection, edit if undoes is None else Edit(**{**edit.__dict__, "undone_by": number}))
        for undone in undoes or ():
            mark_undone(connection, undone, number)
        if not (last and last[0].staff == staff.id and now - last[0].at < EDIT_SESSION_GAP and undoes is None):
            action = "content-edit" if undoes is None else "content-undo"
            add_audit_entry(connection, AuditEntry(now, staff.id, action, "", f"{place.file} edit {number}"))
        return True

    return context.store.transaction(work)


def _last_edit_session(store: Store, draft: Draft, place: CardRef) -> list[Edit]:
    """The newest edits of a card by one person without a long pause, newest first."""
    with store.reading() as connection:
        edits = list_edits(connection, file=place.file, name=place.name, revision=draft.base.number)
    session: list[Edit] = []
    for edit in (edit for edit in edits if not edit.undone_by):
        if session and (edit.staff != session[-1].staff or session[-1].at - edit.at > EDIT_SESSION_GAP):
            break
        session.append(edit)
    return session


def _without_empty(fields: Values, now: Values) -> Values:
    """Without optional fields that are empty and were not in the card before."""
    return {name: value for name, value in fields.items() if value or name in now}


def _written(values: Values | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)


def _parsed(text: str) -> Values | None:
    if not text:
        return None
    values: Values = json.loads(text)
    return values
