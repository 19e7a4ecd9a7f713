"""Data for the studio's pages: card lists, phone numbers to review, names of staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase

from bot.content.cards.card_kinds import CARD_KINDS, CardKind
from bot.content.cards.cards import CardRef, NoSuchCardError, Values, cards_of
from bot.content.cards.differences import CardChange, differences, title_of
from bot.content.content_files import Files
from bot.domain.catalog import Use
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import Draft, read_check, read_draft
from bot.storage.content.regression_rows import RegressionRow
from bot.storage.engine import Store
from bot.storage.staff.staff_rows import list_staff

EXPIRES_SOON = timedelta(days=60)
"""A phone number that expires within this time is listed for review."""


@dataclass(frozen=True)
class ListedCard:
    place: CardRef
    title: str
    says: str


@dataclass(frozen=True)
class ToReview:
    """A phone line to review. `why`: expired, soon, confirm-first, unconfirmed."""

    place: CardRef
    title: str
    why: str
    until: str


@dataclass(frozen=True)
class Home:
    """The studio's first page. `names`: of staff by id."""

    draft: Draft
    changes: list[CardChange]
    row: RegressionRow | None
    review: list[ToReview]
    names: dict[str, str]


def read_home(context: AppContext) -> Home:
    draft = read_draft(context.store)
    today = context.clock().date()
    return Home(
        draft,
        differences(draft.published, draft.files),
        read_check(context.store, draft),
        list(to_review(draft.files, today)),
        staff_names(context.store),
    )


def list_cards(files: Files, pattern: str) -> tuple[CardKind, list[ListedCard]]:
    """All cards of one kind. Raises NoSuchCardError."""
    kind = next((kind for kind in CARD_KINDS if kind.files == pattern), None)
    if kind is None:
        raise NoSuchCardError(pattern)
    cards_by_file = [(file, cards_of(files, file)) for file in sorted(files) if fnmatchcase(file, pattern)]
    return kind, [
        ListedCard(CardRef(file, name), title_of(file, name, values), _gist(kind, values))
        for file, cards in cards_by_file
        for name, values in cards.items()
    ]


def to_review(files: Files, today: date) -> Iterable[ToReview]:
    """Phone lines whose number has expired, expires soon, or is not confirmed by the city."""
    for name, values in cards_of(files, "lines.yaml").items():
        until, use = str(values.get("valid_until", "")), str(values.get("use", ""))
        why = _why(until, use, today)
        if why and use != Use.NEVER:
            yield ToReview(CardRef("lines.yaml", name), str(values.get("name", name)), why, until)


def staff_names(store: Store) -> dict[str, str]:
    """Names by id."""
    with store.reading() as connection:
        return {account.id: account.name for account in list_staff(connection)}


def _why(until: str, use: str, today: date) -> str:
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        return "expired"
    if day and day < today:
        return "expired"
    if day and day < today + EXPIRES_SOON:
        return "soon"
    return {str(Use.CONFIRM_FIRST): "confirm-first", str(Use.UNCONFIRMED): "unconfirmed"}.get(use, "")


def _gist(kind: CardKind, values: Values) -> str:
    """A sample of the card's text, for a list."""
    for field in kind.fields:
        value = values.get(field.name)
        if field.is_said and field.name not in {"title", "button", "name"} and isinstance(value, str) and value:
            return value
    first = values.get(kind.fields[0].name, "")
    return "、".join(map(str, first)) if isinstance(first, list) else str(values.get("to") or "")
