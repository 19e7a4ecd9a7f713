"""Cards: a list for each kind, and a page for each card that saves while typing."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.content.cards.card_kinds import CardKind, kind_of
from bot.content.cards.cards import CardRef, NoSuchCardError, Values, name_of, read_card
from bot.content.cards.differences import FieldChange, field_changes, title_of
from bot.content.read.hours_reader import BOXES, MARKS
from bot.content.yaml.yaml_form import Data
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import CardForm, Draft, Saved, history_of, read_draft, save_card, undo
from bot.handlers.content.studio_views import list_cards, staff_names
from bot.storage.content.draft_rows import Edit
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest
from bot.web.studio.card_forms import boxes, fields_of

_EDITS_SHOWN = 10


class StudioCards:
    """`/studio/cards`, `/studio/card`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            guard.route("/studio/cards", self._list, Permission.EDIT_CONTENT),
            guard.route("/studio/card", self._show, Permission.EDIT_CONTENT),
            guard.route("/studio/card", self._save, Permission.EDIT_CONTENT, ["POST"]),
            guard.route("/studio/card/new", self._new, Permission.EDIT_CONTENT),
            guard.route("/studio/card/undo", self._undo, Permission.EDIT_CONTENT, ["POST"]),
            guard.route("/studio/card/remove", self._remove, Permission.EDIT_CONTENT, ["POST"]),
        ]

    def _list(self, request: StaffRequest) -> Response:
        draft = self._draft()
        pattern, word = _query(request, "files"), _query(request, "word").strip()
        try:
            kind, listed = list_cards(draft.files, pattern)
        except NoSuchCardError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        matching = [card for card in listed if word in f"{card.place.file} {card.place.name} {card.title} {card.says}"]
        return self._pages.show(request, "cards.html", kind=kind, listed=matching, word=word, address=_address)

    def _show(self, request: StaffRequest) -> Response:
        draft, place = self._draft(), CardRef(_query(request, "file"), _query(request, "name"))
        values = _card(draft, place)
        if values is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._page(request, place, Saved(values, draft.seen, {}))

    def _new(self, request: StaffRequest) -> Response:
        draft, place = self._draft(), CardRef(_query(request, "file"))
        kind = _kind(place)
        if not kind.grows:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._page(request, place, Saved({}, draft.seen, {}), is_new=True)

    def _save(self, request: StaffRequest) -> Response:
        """Save the card. A background save (`quiet`) gets JSON with the fields that somebody else changed."""
        place = CardRef(request.field("file"), request.field("name"))
        kind, is_new = _kind(place), request.field("new") == "yes"
        draft = self._draft()
        fields = fields_of(kind, request.field, _card(draft, place) or {}, is_new=is_new)
        if is_new:
            place = CardRef(place.file, name_of(kind, fields))
        elif _card(draft, place) is None:  # removed by somebody else meanwhile: saving restores it
            fields = {**_name_fields(kind, place), **fields}
        fault = _name_fault(kind, draft, place, fields) if is_new else ""
        if fault:
            if request.field("quiet"):
                return JSONResponse({"fault": fault}, HTTPStatus.UNPROCESSABLE_ENTITY)
            return self._page(request, place, Saved(fields, request.field("seen"), {}), is_new=is_new, fault=fault)
        quiet = bool(request.field("quiet"))
        saved = save_card(self._context, request.staff, CardForm(place, fields, request.field("seen"), quiet))
        if quiet:
            return JSONResponse({"seen": saved.seen, "torn": sorted(saved.theirs)})
        if saved.theirs:
            return self._page(request, place, saved)
        return RedirectResponse(_address(place, saved="yes"), HTTPStatus.SEE_OTHER)

    def _undo(self, request: StaffRequest) -> Response:
        place = CardRef(request.field("file"), request.field("name"))
        undo(self._context, request.staff, place)
        draft = self._draft()
        gone = _card(draft, place) is None
        return RedirectResponse(_list_address(place) if gone else _address(place), HTTPStatus.SEE_OTHER)

    def _remove(self, request: StaffRequest) -> Response:
        place = CardRef(request.field("file"), request.field("name"))
        if not _kind(place).grows:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        save_card(self._context, request.staff, CardForm(place, None, request.field("seen")))
        return RedirectResponse(_list_address(place), HTTPStatus.SEE_OTHER)

    def _page(
        self, request: StaffRequest, place: CardRef, saved: Saved, *, is_new: bool = False, fault: str = ""
    ) -> Response:
        kind = _kind(place)
        history = history_of(self._context.store, place)
        names = staff_names(self._context.store)
        status = HTTPStatus.CONFLICT if saved.theirs else HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.show(
            request, "card.html", status, kind=kind, place=place, seen=saved.seen,
            boxes=boxes(kind, saved.values or {}, saved.theirs), by=names.get(saved.by, ""), names=names,
            history=[(edit, _changes(kind, edit)) for edit in history[:_EDITS_SHOWN]], is_new=is_new, fault=fault,
            days=BOXES, marks=MARKS,
            titled=_title(kind, place, saved.values or {}), was_saved=_query(request, "saved") == "yes", tried=None,
        )  # fmt: skip

    def _draft(self) -> Draft:
        return read_draft(self._context.store)


def _query(request: StaffRequest, name: str) -> str:
    return request.query_params.get(name, "")


def _kind(place: CardRef) -> CardKind:
    kind = kind_of(place.file)
    if kind is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return kind


def _card(draft: Draft, place: CardRef) -> Values | None:
    try:
        return read_card(draft.files, place)
    except NoSuchCardError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def _name_fault(kind: CardKind, draft: Draft, place: CardRef, fields: Mapping[str, Data]) -> str:
    """The fault of a new record whose name is empty or taken; empty if none."""
    if not all(fields.get(name) for name in kind.named_by):
        return "名前になる欄が空です。書いてください。"
    return "同じ名前のものが、もうあります。" if _card(draft, place) is not None else ""


def _name_fields(kind: CardKind, place: CardRef) -> Values:
    """The naming fields of a record that was removed."""
    if not kind.grows:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return {kind.named_by[0]: place.name}


def _changes(kind: CardKind, edit: Edit) -> list[FieldChange]:
    was, now = (json.loads(text) if text else {} for text in (edit.before, edit.after))
    return list(field_changes(kind, was, now))


def _title(kind: CardKind, place: CardRef, values: Values) -> str:
    """The title of the page."""
    return kind.title if place.file == kind.files and not place.name else title_of(place.file, place.name, values)


def _list_address(place: CardRef) -> str:
    return f"/studio/cards?{urlencode({'files': _kind(place).files})}"


def _address(place: CardRef, **more: str) -> str:
    return f"/studio/card?{urlencode({'file': place.file, 'name': place.name, **more})}"
