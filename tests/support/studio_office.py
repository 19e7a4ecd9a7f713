"""An office of the tests: a house with its first revision, two admins, and drafts that are proved where they stand."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.bootstrap import THRESHOLDS
from bot.content.cards.cards import Place, Values, read_card, write_card
from bot.content.content_files import Files
from bot.domain.staff.permissions import Role, Staff
from bot.domain.understanding.understander import Understander
from bot.handlers.content.edit_draft import CardForm, Saved, read_draft, save_card
from bot.handlers.content.load_revisions import begin_revisions, take_up_revision
from bot.handlers.content.regression_check import Proof, Proving
from bot.handlers.house import House
from bot.handlers.reception import Reception
from tests.conftest import TUESDAY_NOON
from tests.support.desk_staff import hire
from tests.support.line.line_bot import Clock

SNOW = Place("measures/measure-13.yaml")


@dataclass
class Office:
    """The house with 伊藤 and 加藤, who are admins, and 佐々木, who is not."""

    house: House
    ito: Staff
    kato: Staff
    sasaki: Staff
    clock: Clock

    def saves(self, who: Staff, place: Place, fields: Values | None, seen: str = "") -> Saved:
        """Somebody saves a card that they have just opened, or had opened at `seen`."""
        return save_card(self.house, who, CardForm(place, fields, seen or self.seen()))

    def seen(self) -> str:
        """What a page opened now carries."""
        return read_draft(self.house.store).seen

    def card(self, place: Place = SNOW) -> Values:
        """A card of the draft."""
        found = read_card(read_draft(self.house.store).files, place)
        assert found is not None
        return found


def open_office(reception: Reception) -> Office:
    """A house whose first revision is what was shipped."""
    clock = Clock()
    house = House(reception.store, reception, b"s" * 32, clock)
    begin_revisions(house.store, house.workshop.shipped(), house.now())
    take_up_revision(house)
    ito, kato, sasaki = (hire(house, login, role)[0] for login, role in PEOPLE)
    return Office(house, ito, kato, sasaki, clock)


PEOPLE = (("ito", Role.ADMIN), ("kato", Role.ADMIN), ("sasaki", Role.COUNSELLOR))


def changed(files: Files, place: Place, change: Callable[[Values], Values]) -> dict[str, bytes]:
    """The files with one card changed."""
    return {**files, place.file: write_card(files, place, change(read_card(files, place) or {}))}


def proved(house: House, understander: Understander, files: Files) -> Proof:
    """The proof of content beside the shipped one, made here."""
    draft = house.workshop.understander(files, understander.analyzer)
    proving = Proving(understander, draft, THRESHOLDS, TUESDAY_NOON)
    return proving.replay(house.workshop.cases, faulty(house, understander, files))


def faulty(house: House, understander: Understander, files: Files) -> list[tuple[str, int, str, str]]:
    """The faults of content, without asking it anything."""
    proving = Proving(understander, understander, THRESHOLDS, TUESDAY_NOON)
    return proving.faults(files, house.workshop.shipped())
