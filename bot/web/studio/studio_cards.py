"""Cards: the list of a kind, one card on one page, saved as it is typed."""

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.content.cards.card_kinds import CardKind, kind_of
from bot.content.cards.cards import CardRef, NoSuchCardError, Values, name_of, read_card
from bot.content.cards.differences import FieldChange, field_changes, title_of
from bot.content.read.hours_reader import BOXES, MARKS
from bot.content.yaml.yaml_form import Data
from bot.domain.staff.permissions import Permission, require
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import CardForm, Draft, Saved, history_of, read_draft, save_card, undo
from bot.handlers.content.studio_views import list_cards, staff_names
from bot.storage.content.draft_rows import Edit
from bot.web.staff_guard import StaffGuard, StaffRequest
from bot.web.staff_pages import StaffPages
from bot.web.studio.card_forms import boxes, fields_of

_EDITS_SHOWN = 10


class StudioCards:
    """`/studio/cards`, `/studio/card`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [
            Route("/studio/cards", guard.guarded(self._list)),
            Route("/studio/card", guard.guarded(self._show)),
            Route("/studio/card", guard.guarded(self._save), methods=["POST"]),
            Route("/studio/card/new", guard.guarded(self._new)),
            Route("/studio/card/undo", guard.guarded(self._undo), methods=["POST"]),
            Route("/studio/card/remove", guard.guarded(self._remove), methods=["POST"]),
        ]

    async def _list(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        draft = await self._draft()
        pattern, word = _asked(visit, "files"), _asked(visit, "word").strip()
        try:
            kind, listed = await anyio.to_thread.run_sync(list_cards, draft.files, pattern)
        except NoSuchCardError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        found = [each for each in listed if word in f"{each.place.file} {each.place.name} {each.title} {each.says}"]
        return self._pages.write(
            "cards.html", me=visit.staff, csrf=visit.csrf, kind=kind, listed=found, word=word, address=_address
        )

    async def _show(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        draft, place = await self._draft(), CardRef(_asked(visit, "file"), _asked(visit, "name"))
        values = _card(draft, place)
        if values is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await self._page(visit, place, Saved(values, draft.seen, {}))

    async def _new(self, visit: StaffRequest) -> Response:
        require(visit.staff, Permission.EDIT_CONTENT)
        draft, place = await self._draft(), CardRef(_asked(visit, "file"))
        kind = _kind(place)
        if not kind.grows:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await self._page(visit, place, Saved({}, draft.seen, {}), is_new=True)

    async def _save(self, visit: StaffRequest) -> Response:
        """Save; a page that saves by itself gets JSON and goes on with what the other hand has not torn."""
        place = CardRef(visit.field("file"), visit.field("name"))
        kind, is_new = _kind(place), visit.field("new") == "yes"
        draft = await self._draft()
        fields = fields_of(kind, visit.field, _card(draft, place) or {}, is_new=is_new)
        if is_new:
            place = CardRef(place.file, name_of(kind, fields))
        elif _card(draft, place) is None:  # somebody else has taken it out meanwhile: these words bring it back
            fields = {**_naming(kind, place), **fields}
        fault = _named_wrongly(kind, draft, place, fields) if is_new else ""
        if fault:
            if visit.field("quiet"):
                return JSONResponse({"fault": fault}, HTTPStatus.UNPROCESSABLE_ENTITY)
            return await self._page(visit, place, Saved(fields, visit.field("seen"), {}), is_new=is_new, fault=fault)
        quiet = bool(visit.field("quiet"))
        work = partial(save_card, self._context, visit.staff, CardForm(place, fields, visit.field("seen"), quiet))
        saved = await anyio.to_thread.run_sync(work)
        if quiet:
            return JSONResponse({"seen": saved.seen, "torn": sorted(saved.theirs)})
        if saved.theirs:
            return await self._page(visit, place, saved)
        return RedirectResponse(_address(place, saved="yes"), HTTPStatus.SEE_OTHER)

    async def _undo(self, visit: StaffRequest) -> Response:
        place = CardRef(visit.field("file"), visit.field("name"))
        await anyio.to_thread.run_sync(undo, self._context, visit.staff, place)
        draft = await self._draft()
        gone = _card(draft, place) is None
        return RedirectResponse(_list_address(place) if gone else _address(place), HTTPStatus.SEE_OTHER)

    async def _remove(self, visit: StaffRequest) -> Response:
        place = CardRef(visit.field("file"), visit.field("name"))
        if not _kind(place).grows:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        work = partial(save_card, self._context, visit.staff, CardForm(place, None, visit.field("seen")))
        await anyio.to_thread.run_sync(work)
        return RedirectResponse(_list_address(place), HTTPStatus.SEE_OTHER)

    async def _page(
        self, visit: StaffRequest, place: CardRef, saved: Saved, *, is_new: bool = False, fault: str = ""
    ) -> Response:
        kind = _kind(place)
        history = await anyio.to_thread.run_sync(history_of, self._context.store, place)
        names = await anyio.to_thread.run_sync(staff_names, self._context)
        status = HTTPStatus.CONFLICT if saved.theirs else HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.write(
            "card.html", status, me=visit.staff, csrf=visit.csrf, kind=kind, place=place, seen=saved.seen,
            boxes=boxes(kind, saved.values or {}, saved.theirs), by=names.get(saved.by, ""), names=names,
            history=[(edit, _changes(kind, edit)) for edit in history[:_EDITS_SHOWN]], is_new=is_new, fault=fault,
            days=BOXES, marks=MARKS,
            titled=_titled(kind, place, saved.values or {}), was_saved=_asked(visit, "saved") == "yes", tried=None,
        )  # fmt: skip

    async def _draft(self) -> Draft:
        return await anyio.to_thread.run_sync(read_draft, self._context.store)


def _asked(visit: StaffRequest, name: str) -> str:
    return visit.request.query_params.get(name, "")


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


def _named_wrongly(kind: CardKind, draft: Draft, place: CardRef, fields: Mapping[str, Data]) -> str:
    """A new record without a name, or with one that another has."""
    if not all(fields.get(name) for name in kind.named_by):
        return "名前になる欄が空です。書いてください。"
    return "同じ名前のものが、もうあります。" if _card(draft, place) is not None else ""


def _naming(kind: CardKind, place: CardRef) -> Values:
    """The fields that name a record which is no longer there."""
    if not kind.grows:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return {kind.named_by[0]: place.name}


def _changes(kind: CardKind, edit: Edit) -> list[FieldChange]:
    """What an edit changed."""
    was, now = (json.loads(text) if text else {} for text in (edit.before, edit.after))
    return list(field_changes(kind, was, now))


def _titled(kind: CardKind, place: CardRef, values: Values) -> str:
    """What the page is called."""
    return kind.title if place.file == kind.files and not place.name else title_of(place.file, place.name, values)


def _list_address(place: CardRef) -> str:
    return f"/studio/cards?{urlencode({'files': _kind(place).files})}"


def _address(place: CardRef, **more: str) -> str:
    return f"/studio/card?{urlencode({'file': place.file, 'name': place.name, **more})}"
