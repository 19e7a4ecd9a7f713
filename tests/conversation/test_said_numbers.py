"""No wrong number is ever said: every number in every reply is one that may be said, with the state of its check."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from bot.domain.catalog import Actor, Catalog, Use
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.phone_lines import ReplyContext, dial_string
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.messages import Reply, Route, ShownEntry
from bot.domain.understanding.kinds import Signal
from bot.domain.understanding.understander import Understander
from tests.conftest import ROOT
from tests.support.manual_clock import TUESDAY_NOON

NUMBER = re.compile(
    r"(?<![\d-])(?:0\d{1,4}-\d{1,4}-\d{3,5}|0\d{2,3}-\d{6}|#\d{4}|11[0-9]|18[89]|171)(?![\d-])(?:[(（]内線[\d・]+[)）])?"
)
FACTS = ROOT.parent / "shared" / "facts" / "contacts.jsonl"


def replies(catalog: Catalog) -> Iterator[Reply]:
    """Everything that can be said, at seven times of a week."""
    for hours in range(0, 7 * 24, 27):
        moment = ReplyContext((TUESDAY_NOON + timedelta(hours=hours)).astimezone(CITY_ZONE), is_holiday, "482-915")
        for easy in (False, True):
            writer = ReplyWriter.of(catalog, moment, easy=easy)
            yield from _of(writer, catalog)


def _of(writer: ReplyWriter, catalog: Catalog) -> Iterator[Reply]:
    yield from (writer.welcome(), writer.menu(), writer.give_up(), writer.crisis.cancelled("482-915"))
    yield from (writer.menu_item(position) for position in range(len(catalog.menu)))
    for entry in catalog.entries:
        shown = (ShownEntry(entry.id, entry.title, 1.0),)
        yield from (writer.answer(shown, helps=helps, soft_safety=True) for helps in (False, True))
        yield from (
            writer.phones(entry),
            writer.hours(entry),
            writer.more(entry),
            writer.sides(entry),
            writer.others(shown),
        )
        yield from (writer.side(entry, actor) for actor in Actor)
    yield from (writer.not_ours(subject.id, soft_safety=True) for subject in catalog.not_ours)
    yield from (writer.smalltalk(kind.id) for kind in catalog.smalltalk)
    yield from (writer.plain(key) for key in ("busy", "trouble", "stopped", "empty", "too-long"))
    yield from (writer.crisis.other_language(route) for route in (Route.EMERGENCY, Route.DESK, Route.UNKNOWN))
    for kind in catalog.kinds:
        if kind.urgency is Route.EMERGENCY:
            yield writer.crisis.emergency((Signal(kind.id, Route.EMERGENCY),))
        else:
            yield writer.crisis.desk(kind.id)
    both = [kind.id for kind in catalog.kinds if kind.urgency is Route.EMERGENCY]
    for first, second in product(both, both):
        if first != second:
            yield writer.crisis.emergency((Signal(first, Route.EMERGENCY), Signal(second, Route.EMERGENCY)))


@pytest.fixture(scope="module")
def said(understander: Understander) -> list[Reply]:
    return list(replies(understander.catalog))


def test_only_numbers_that_may_be_said(said: list[Reply], understander: Understander) -> None:
    sayable = {
        phone
        for line in understander.catalog.lines.values()
        if line.use in {Use.SHIP, Use.UNCONFIRMED, Use.CONFIRMED}
        for phone in line.phones
    }
    found = {number for reply in said for number in NUMBER.findall(reply.text)}
    assert "0134-32-4111" in found
    assert found <= sayable
    assert "#7119" not in found


def test_forbidden_numbers_by_the_facts(said: list[Reply]) -> None:
    if not FACTS.exists():
        pytest.skip("the folder shared/ is not beside this project")
    rows = [json.loads(line) for line in FACTS.read_text("utf-8").splitlines()]

    def phones(*uses: str) -> set[str]:
        return {part for row in rows if row["use"] in uses and row["phone"] for part in row["phone"].split(" / ")}

    unsaid = phones("do_not_ship", "confirm_first") - phones("ship") - {"0134-33-1124"}
    text = "\n".join(reply.text for reply in said)
    assert [number for number in unsaid if re.search(rf"(?<![\d-]){re.escape(number)}(?![\d-])", text)] == []


def test_the_content_holds_the_facts_row_by_row(understander: Understander) -> None:
    if not FACTS.exists():
        pytest.skip("the folder shared/ is not beside this project")
    for line in FACTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        ours = understander.catalog.lines[row["id"]]
        assert " / ".join(ours.phones) == (row["phone"] or "")
        assert ours.use == ("unconfirmed" if row["id"] == "ota-tarusapo" else row["use"])
        assert ours.evidence == row["url"]


def test_a_number_is_never_said_without_the_state_of_its_check(said: list[Reply]) -> None:
    for reply in said:
        if reply.calls and reply.route is Route.ANSWER and reply.entries:
            assert "確認" in "".join(reply.small), reply.text


def test_the_unconfirmed_desk_has_the_switchboard_beside_it(said: list[Reply]) -> None:
    for reply in said:
        phones = [call.phone for call in reply.calls]
        if "0134-33-1124" in phones:
            assert "0134-32-4111" in phones
            assert "未確認" in "".join(reply.small) or reply.route is Route.UNKNOWN


def test_dial_strings_escape_the_sharp() -> None:
    assert dial_string("#8008") == "%238008"
    assert dial_string("0134-32-4111(内線441・442)") == "0134324111"
    assert dial_string("0120-0-78310") == "0120078310"


def test_every_call_can_be_dialled(said: list[Reply]) -> None:
    for reply in said:
        for call in reply.calls:
            assert call.link or re.fullmatch(r"(?:%23)?\d{3,11}", call.dial), call


def test_expired_and_unconfirmed_numbers_degrade_visibly(understander: Understander) -> None:
    catalog = understander.catalog
    moment = ReplyContext(TUESDAY_NOON.astimezone(CITY_ZONE), is_holiday, "")
    reply = ReplyWriter.of(catalog, moment).phones(catalog.by_id["contact-kouken"])
    assert reply.calls[0].phone == "0134-32-4111"
    assert "0134-64-1231" not in reply.text
    assert "確認待ち" in "".join(reply.small)
