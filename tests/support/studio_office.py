"""An office of the tests: a context with its first revision, two admins, and drafts proved where they stand."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.bootstrap import THRESHOLDS
from bot.content.cards.cards import CardRef, Values, read_card, write_card
from bot.content.content_files import Files
from bot.domain.messages import Answerer
from bot.domain.staff.permissions import Role, Staff
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import CardForm, Saved, read_draft, save_card
from bot.handlers.content.load_revisions import begin_revisions, load_newer_revision
from bot.handlers.content.regression_check import RegressionRun
from bot.handlers.content.regression_report import RegressionReport
from bot.handlers.conversation.answer_dry_run import answerer
from tests.support.desk_staff import make_staff
from tests.support.line.line_bot import ShiftedClock
from tests.support.manual_clock import TUESDAY_NOON

SNOW = CardRef("measures/measure-13.yaml")


@dataclass
class Office:
    """The context with 伊藤 and 加藤, who are admins, and 佐々木, who is not."""

    context: AppContext
    ito: Staff
    kato: Staff
    sasaki: Staff
    clock: ShiftedClock

    def saves(self, who: Staff, place: CardRef, fields: Values | None, seen: str = "") -> Saved:
        """Somebody saves a card that they have just opened, or had opened at `seen`."""
        return save_card(self.context, who, CardForm(place, fields, seen or self.seen()))

    def seen(self) -> str:
        """What a page opened now carries."""
        return read_draft(self.context.store).seen

    def card(self, place: CardRef = SNOW) -> Values:
        """A card of the draft."""
        found = read_card(read_draft(self.context.store).files, place)
        assert found is not None
        return found


def make_office(context: AppContext) -> Office:
    """A context whose first revision is what was shipped."""
    clock = ShiftedClock()
    context = replace(context, clock=clock)
    begin_revisions(context.store, context.index_builder.shipped(), context.clock())
    load_newer_revision(context)
    ito, kato, sasaki = (make_staff(context, login, role)[0] for login, role in PEOPLE)
    return Office(context, ito, kato, sasaki, clock)


PEOPLE = (("ito", Role.ADMIN), ("kato", Role.ADMIN), ("sasaki", Role.COUNSELLOR))


def changed(files: Files, place: CardRef, change: Callable[[Values], Values]) -> dict[str, bytes]:
    """The files with one card changed."""
    return {**files, place.file: write_card(files, place, change(read_card(files, place) or {}))}


def _ask(understander: Understander) -> Answerer:
    return answerer(understander, THRESHOLDS, lambda: TUESDAY_NOON)


def check_draft(context: AppContext, understander: Understander, files: Files) -> RegressionReport:
    """The proof of content beside the shipped one, made here."""
    draft = context.index_builder.understander(files, understander.analyzer)
    proving = RegressionRun(understander, draft, TUESDAY_NOON, _ask)
    return proving.replay(context.index_builder.cases, find_content_faults(context, understander, files))


def find_content_faults(
    context: AppContext, understander: Understander, files: Files
) -> list[tuple[str, int, str, str]]:
    """The faults of content, without asking it anything."""
    proving = RegressionRun(understander, understander, TUESDAY_NOON, _ask)
    return proving.faults(files, context.index_builder.shipped())
