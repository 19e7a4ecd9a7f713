"""Admins change the draft, one card at a time. Two hands on one card: both are told, and no word is lost."""

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
from bot.content.older_content import in_todays_form
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
from bot.storage.content.revision_rows import Revision, lock_newest, read_content, read_revision
from bot.storage.engine import Store
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry

ONE_SITTING = timedelta(minutes=10)
"""Edits of one card by one hand with no longer pause are taken back together."""
_TRIES = 5


class NoRevisionError(Exception):
    """There is no revision yet: the server has not started on this database."""


@dataclass(frozen=True)
class Draft:
    """The draft and what it stands on. `newest`: the number of the newest edit ever made."""

    base: Revision
    published: Files
    files: Files
    newest: int

    @property
    def digest(self) -> str:
        """The name of this state of the draft."""
        return digest_of(self.files)

    @property
    def is_changed(self) -> bool:
        """Whether it differs from what is in force."""
        return any(self.files[name] != body for name, body in self.published.items())

    @property
    def seen(self) -> str:
        """What a form carries: which state its reader has seen."""
        return f"{self.base.number}-{self.newest}"


@dataclass(frozen=True)
class Saved:
    """The card as it is now, and which of its fields somebody else had changed otherwise, with their words."""

    values: Values | None
    seen: str
    theirs: Mapping[str, Data]
    by: str = ""


def read_draft(store: Store) -> Draft:
    """The draft as it stands. Raises NoRevisionError."""
    with store.reading() as connection:
        base = read_revision(connection)
        if base is None:
            raise NoRevisionError
        published = unpack_files(read_content(connection, base.digest))
        changed = {name: body.encode() for name, body in read_draft_files(connection).items()}
        return Draft(base, published, {**published, **changed}, newest_edit(connection))


@dataclass(frozen=True)
class CardForm:
    """Fields of a card as somebody has filled them in; None takes the card out. `seen`: what their page carried.

    `gives_way`: a page saves by itself, and nobody would read what another hand wrote meanwhile.
    """

    place: CardRef
    fields: Values | None
    seen: str
    gives_way: bool = False


def save_card(context: AppContext, staff: Staff, form: CardForm) -> Saved:
    """Save the form. What another hand changed meanwhile in other fields stays.

    Where both changed one field, the words of this form are saved and those of the other are handed back, to be read
    side by side; a form that gives way saves nothing then. Raises NotAllowedError, NoSuchCardError.
    """
    require(staff, Permission.EDIT_CONTENT)
    place = form.place
    for _ in range(_TRIES):
        draft = read_draft(context.store)
        now = read_card(draft.files, place)
        base, by = _as_seen(context.store, draft, form)
        values, theirs = _joined(base, form.fields, now)
        if theirs and form.gives_way:
            return Saved(now, form.seen, theirs, by)
        if values == now or _write(context, staff, draft, (place, now, values)):
            return Saved(values, read_draft(context.store).seen, theirs, by if theirs else "")
    message = f"{place.file} changed {_TRIES} times while it was being saved"
    raise RuntimeError(message)


def undo(context: AppContext, staff: Staff, place: CardRef) -> bool:
    """Take back the last sitting at a card. False where there is nothing to take back. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)
    draft = read_draft(context.store)
    sitting = _last_sitting(context.store, draft, place)
    if not sitting:
        return False
    before = _parsed(sitting[-1].before)
    change = (place, read_card(draft.files, place), before)
    return _write(context, staff, draft, change, undoes=[edit.number for edit in sitting])


def discard(context: AppContext, staff: Staff) -> None:
    """Let the whole draft go; its edits stay to be read. Raises NotAllowedError."""
    require(staff, Permission.EDIT_CONTENT)

    def work(connection: Connection) -> None:
        lock_newest(connection)
        clear_draft(connection)
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, "draft-discarded"))

    context.store.transaction(work)


def rebase_draft(draft: Draft, files: Files) -> dict[str, bytes]:
    """The draft's own changes on other content: the files that differ from it then."""
    laid = dict(files)
    published, own = in_todays_form(draft.published, files), in_todays_form(draft.files, files)
    for change in differences(published, own):
        place = change.place
        if kind_of(place.file) is None:
            laid[place.file] = own[place.file]
            continue
        base, now = read_card(published, place) or {}, read_card(laid, place) or {}
        values = None if change.after is None else merge_fields(base, change.after, now).values
        laid[place.file] = write_card(laid, place, values)
    return {file: body for file, body in laid.items() if body != files.get(file)}


def history_of(store: Store, place: CardRef) -> list[Edit]:
    """Every change of a card, the newest first."""
    with store.reading() as connection:
        return list_edits(connection, file=place.file, name=place.name)


def _joined(base: Values | None, fields: Values | None, now: Values | None) -> tuple[Values | None, Values]:
    """The card with the form's fields and with what others changed; and theirs, of fields that both had changed."""
    if fields is None:
        return None, {}
    if now is None:  # it is new, or another hand has taken it out: these words bring it back
        return {**(base or {}), **fields}, {}
    current = {name: now.get(name, "") for name in fields}
    merged = merge_fields(base or {}, fields, current)
    return {**now, **_without_empty(merged.values, now)}, {name: current[name] for name in merged.torn}


def _as_seen(store: Store, draft: Draft, form: CardForm) -> tuple[Values | None, str]:
    """The card as the form's reader saw it, and who has changed it last."""
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
    """Write one card's change; False where its file was changed meanwhile."""
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
        for each in undoes or ():
            mark_undone(connection, each, number)
        if not (last and last[0].staff == staff.id and now - last[0].at < ONE_SITTING and undoes is None):
            action = "content-edit" if undoes is None else "content-undo"
            add_audit_entry(connection, AuditEntry(now, staff.id, action, "", f"{place.file} edit {number}"))
        return True

    return context.store.transaction(work)


def _last_sitting(store: Store, draft: Draft, place: CardRef) -> list[Edit]:
    """The newest edits of a card by one hand without a long pause, the newest first."""
    with store.reading() as connection:
        found = list_edits(connection, file=place.file, name=place.name, revision=draft.base.number)
    sitting: list[Edit] = []
    for edit in (each for each in found if not each.undone_by):
        if sitting and (edit.staff != sitting[-1].staff or sitting[-1].at - edit.at > ONE_SITTING):
            break
        sitting.append(edit)
    return sitting


def _without_empty(fields: Values, now: Values) -> Values:
    """An optional field that was not there, and is empty, is not written."""
    return {name: value for name, value in fields.items() if value or name in now}


def _written(values: Values | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)


def _parsed(text: str) -> Values | None:
    if not text:
        return None
    values: Values = json.loads(text)
    return values
