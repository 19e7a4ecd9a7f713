"""A context with its first revision, two admins and a counsellor, and checks of drafts without a child process."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.bootstrap import THRESHOLDS
from bot.content.cards.cards import CardRef, Values, read_card, write_card
from bot.content.content_files import Files
from bot.domain.messages import Answerer
from bot.domain.staff.permissions import Role, Staff
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.checks.regression_check import RegressionRun
from bot.handlers.content.checks.regression_report import RegressionReport
from bot.handlers.content.edit_draft import CardForm, Saved, read_draft, save_card
from bot.handlers.content.load_revisions import begin_revisions, load_newer_revision
from bot.handlers.conversation.answer_dry_run import answerer
from bot.handlers.index_builder import build_understander
from tests.support.line.line_bot import ShiftedClock
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.staff.desk_staff import make_staff

SNOW = CardRef("measures/measure-13.yaml")


@dataclass
class Office:
    """A context with the admins 伊藤 and 加藤 and the counsellor 佐々木."""

    context: AppContext
    ito: Staff
    kato: Staff
    sasaki: Staff
    clock: ShiftedClock

    def saves(self, who: Staff, place: CardRef, fields: Values | None, seen: str = "") -> Saved:
        """Save a card opened just now, or opened at the draft version `seen`."""
        return save_card(self.context, who, CardForm(place, fields, seen or self.seen()))

    def seen(self) -> str:
        """The draft's current version."""
        return read_draft(self.context.store).seen

    def card(self, place: CardRef = SNOW) -> Values:
        """A card of the draft; fails if there is none."""
        card = read_card(read_draft(self.context.store).files, place)
        assert card is not None
        return card


def make_office(context: AppContext) -> Office:
    """The first revision is the shipped content."""
    clock = ShiftedClock()
    context = replace(context, clock=clock)
    begin_revisions(context.store, context.folders.shipped(), context.clock())
    load_newer_revision(context)
    ito, kato, sasaki = (make_staff(context, login, role)[0] for login, role in PEOPLE)
    return Office(context, ito, kato, sasaki, clock)


PEOPLE = (("ito", Role.ADMIN), ("kato", Role.ADMIN), ("sasaki", Role.COUNSELLOR))


def changed(files: Files, place: CardRef, change: Callable[[Values], Values]) -> dict[str, bytes]:
    """The files with `change` applied to one card."""
    return {**files, place.file: write_card(files, place, change(read_card(files, place) or {}))}


def _ask(understander: Understander) -> Answerer:
    return answerer(understander, THRESHOLDS, lambda: TUESDAY_NOON)


def check_draft(context: AppContext, understander: Understander, files: Files) -> RegressionReport:
    """Compare content with `understander`'s in this process."""
    draft = build_understander(files, understander.analyzer, context.folders.indexes)
    run = RegressionRun(understander, draft, TUESDAY_NOON, _ask)
    return run.replay(context.folders.cases, find_content_faults(context, understander, files))


def find_content_faults(
    context: AppContext, understander: Understander, files: Files
) -> list[tuple[str, int, str, str]]:
    """Faults of content, without replaying any messages."""
    run = RegressionRun(understander, understander, TUESDAY_NOON, _ask)
    return run.faults(files, context.folders.shipped())
