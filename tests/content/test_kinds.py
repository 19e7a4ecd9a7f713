"""The file of kinds: what it must hold, what no office may take out of it, and content from before there was one."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.channels.line.line_channel import NAME as LINE
from bot.channels.telegram.telegram_events import NAME as TELEGRAM
from bot.content.cards.cards import CardRef, cards_of, read_card, write_cards
from bot.content.check.unsafe_edits import safety_faults
from bot.content.content_files import Files, digest_of, files_in, pack_files
from bot.content.read.catalog_reader import catalog_of
from bot.content.read.kinds_reader import KINDS
from bot.content.read.required import PRIVATE_FIELDS, required_wording
from bot.content.read.wording_keys import names_in, platforms
from bot.content.upgrade_merge import merge_upgrade
from bot.content.yaml.yaml_form import Data, YamlText, parse_yaml
from bot.domain.catalog import SignalExamples
from bot.domain.messages import Route
from bot.domain.understanding.kinds import worst
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.drills import DRILL
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.load_revisions import begin_revisions, open_revision
from bot.handlers.content.publish import files_of
from bot.settings import SHIPPED_CONTENT
from bot.storage.content.draft_rows import write_draft_file
from bot.storage.content.revision_rows import Revision, RevisionOrigin, add_revision, store_content
from bot.web.chat.chat_page import CHANNEL
from bot.web.chat.private_page import FIELDS
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.staff.studio_office import changed, find_content_faults

SHIPPED = files_in(SHIPPED_CONTENT)
FIRE = CardRef(KINDS, "fire")
Row = dict[str, Data]


def rows(files: Files) -> list[Row]:
    data = parse_yaml(KINDS, files[KINDS].decode()).data
    assert isinstance(data, list)
    return [dict(row) for row in data if isinstance(row, dict)]


def with_rows(change: Callable[[list[Row]], list[Row]], files: Files = SHIPPED) -> Files:
    """The content with the records of the kinds changed."""
    changed_rows: list[Data] = [*change(rows(files))]
    return {**files, KINDS: YamlText(KINDS, changed_rows).written().encode()}


def but(name: str, **fields: Data) -> Callable[[list[Row]], list[Row]]:
    """One kind with other fields."""
    return lambda found: [{**row, **fields} if row["id"] == name else row for row in found]


def order(files: Files) -> list[str]:
    return [str(row["id"]) for row in rows(files)]


def before_kinds(files: Files) -> Files:
    """The same content as it was written before the kinds had a file."""
    said: dict[str, Row | None] = {}
    lines: dict[str, Row | None] = {}
    for row in rows(files):
        lead = f"{row['urgency']}-{row['id']}"
        said |= {f"kind-{row['id']}": {"text": row["name"]}}
        said |= {lead: {"text": row["lead"]}, f"{lead}.easy": {"text": row["easy"]}}
        lines[str(row["id"])] = {"lines": row["lines"]}
    kept = {name: body for name, body in files.items() if name != KINDS}
    crisis = "triage/crisis-lines.yaml"
    return {
        **kept,
        "wording.yaml": write_cards(files, "wording.yaml", said),
        crisis: write_cards(files, crisis, lines),
    }


# --- what it must hold -----------------------------------------------------------------------------------------------

BROKEN: list[tuple[str, Callable[[list[Row]], list[Row]], str]] = [
    ("no-role", but("person", stands_for=""), "「person」の代わりを務める種類が0個"),
    ("two-roles", but("money", stands_for="person"), "「person」の代わりを務める種類が2個"),
    ("unknown-role", but("money", stands_for="somebody"), "「somebody」は使えません"),
    ("urgency", but("money", urgency="soon"), "「soon」は使えません"),
    ("flag", but("money", talk="maybe"), "「maybe」は使えません"),
    ("long-id", but("money", id="a-name-of-17-long"), "は使えません"),
    ("twice", lambda found: [*found, found[0]], "「fire」が二回あります"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_cannot_be_read_is_told(change: Callable[[list[Row]], list[Row]], said: str) -> None:
    assert any(said in fault.what and fault.file == KINDS for fault in catalog_of(with_rows(change))[1])


def test_examples_stand_with_their_kind_too() -> None:
    signals = catalog_of(with_rows(but("sea", phrases=["沖でボートが沈みそう"])))[0].signals
    assert signals[-1] == SignalExamples("emergency", "sea", ("沖でボートが沈みそう",))


def test_the_worst_is_decided_by_the_order_of_the_file() -> None:
    text = "家が火事です。もう死にたい"
    for files, first in ((SHIPPED, "fire"), (with_rows(lambda found: [*found[1:], found[0]]), "suicide")):
        triage = catalog_of(files)[0].triage
        found = worst(triage.read(text), triage.kinds)
        assert found is not None
        assert found.kind == first


# --- the floor -------------------------------------------------------------------------------------------------------

LOWERED: list[tuple[str, Callable[[list[Row]], list[Row]], str]] = [
    ("gone", lambda found: [row for row in found if row["id"] != "sea"], "sea"),
    ("urgency", but("sea", urgency="desk"), "（urgency）"),
    ("lines", but("sea", lines=[]), "（lines）"),
    ("asked", but("harm", ask_later="yes"), "（ask_later）"),
    ("order", lambda found: [*found[1:], found[0]], "順番"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in LOWERED], ids=[row[0] for row in LOWERED])
def test_no_office_takes_a_danger_away(change: Callable[[list[Row]], list[Row]], said: str) -> None:
    lowered = with_rows(change)
    found = [fault.what for fault in safety_faults(catalog_of(lowered)[0], lowered, SHIPPED) if fault.file == KINDS]
    assert any("はじめから入っている種類" in what and said in what for what in found)
    again = merge_upgrade(
        SHIPPED, lowered, changed(SHIPPED, CardRef("wording.yaml", "menu"), lambda _: {"text": "新しい版"})
    )
    assert rows(again.files) == rows(SHIPPED)


def test_own_words_and_rules_of_a_shipped_kind_are_never_fewer() -> None:
    words: Data = {"flood": ["濁流", "鉄砲水"], "far": ["テレビ"]}
    rules: list[Data] = [{"every": ["flood"], "unless": ["far"]}]
    shipped = with_rows(but("sea", words=words, rules=rules))
    mine = with_rows(but("sea", words={"flood": ["濁流", "流された"], "far": []}, rules=[]))
    (sea,) = [row for row in rows(merge_upgrade(SHIPPED, mine, shipped).files) if row["id"] == "sea"]
    assert sea["words"] == {"flood": ["濁流", "流された", "鉄砲水"], "far": []}
    assert sea["rules"] == rules
    hushed = with_rows(but("sea", words={"flood": ["濁流", "鉄砲水"], "far": ["濁流"]}, rules=rules))
    assert any("かくして" in fault.what for fault in safety_faults(catalog_of(hushed)[0], hushed, shipped))


def test_no_synonym_lowers_an_emergency(understander: Understander) -> None:
    synonyms = [("死にたい", "人と話したい"), ("消えたい", "引っ越したい"), ("殺される", "もう死にたい")]
    catalog = replace(understander.catalog, synonyms=tuple(synonyms))
    files = {"synonyms.yaml": SHIPPED["synonyms.yaml"]}
    found = [fault.what for fault in safety_faults(catalog, files, files)]
    assert [re.findall("言いかえ「(.+?)」", what) for what in found] == [["死にたい"], ["消えたい"]]


def test_an_own_kind_keeps_its_place_when_a_newer_version_brings_another() -> None:
    own: Row = {**rows(SHIPPED)[0], "id": "bear", "rules": [{"every": ["fire"]}]}
    new: Row = {**rows(SHIPPED)[0], "id": "flood", "rules": [{"every": ["sea"]}]}
    mine = with_rows(lambda found: [*found[:3], own, *found[3:]])
    shipped = with_rows(lambda found: [found[0], new, *found[1:]])
    merged = order(merge_upgrade(SHIPPED, mine, shipped).files)
    before, after = order(mine)[2], order(mine)[4]
    assert merged[:2] == [order(SHIPPED)[0], "flood"]
    assert merged[merged.index("bear") - 1 : merged.index("bear") + 2] == [before, "bear", after]


def test_a_sentence_in_the_wrong_file_and_another_urgency_of_a_rule_are_told(
    context_sqlite: AppContext, understander: Understander
) -> None:
    files = changed(SHIPPED, CardRef("wording.yaml", "emergency-fire"), lambda _: {"text": "逃げて {tel:nat-119}"})
    rules = files["triage/rules.yaml"].replace(b'route: "emergency"', b'route: "desk"', 1)
    found = find_content_faults(context_sqlite, understander, {**files, "triage/rules.yaml": rules})
    assert any("「emergency-fire」はここでは使われません" in what for _, _, what, _ in found)
    assert any("決まりの route" in what for _, _, what, _ in found)


# --- from before -----------------------------------------------------------------------------------------------------


def test_content_from_before_the_file_opens_with_what_the_office_had_written(
    context_sqlite: AppContext, understander: Understander
) -> None:
    """Also where this process has not grown it: another one, of the version before, has published meanwhile."""
    old = before_kinds(SHIPPED)
    mine = changed(old, CardRef("wording.yaml", "emergency-fire"), lambda _: {"text": "逃げて {tel:nat-119}"})
    _begun(context_sqlite, mine, old)
    revision = Revision(1, digest_of(mine), digest_of(old), RevisionOrigin.FIRST, "", "", "", TUESDAY_NOON)
    opened = open_revision(context_sqlite.store, context_sqlite.folders, understander.analyzer, revision)
    assert opened.catalog.kinds["fire"].lead == "逃げて {tel:nat-119}"
    assert [kind.id for kind in opened.catalog.kinds] == [kind.id for kind in understander.catalog.kinds]
    assert opened.catalog.kinds.listed[1:] == understander.catalog.kinds.listed[1:]


def test_an_upgrade_brings_the_file_and_loses_no_word_of_the_office(context_sqlite: AppContext) -> None:
    old = before_kinds(SHIPPED)
    mine = changed(old, CardRef("wording.yaml", "kind-money"), lambda _: {"text": "くらし"})
    mine = changed(mine, CardRef("triage/crisis-lines.yaml", "crime"), lambda _: {"lines": ["nat-110"]})
    _begun(context_sqlite, mine, old)
    draft = changed(mine, CardRef("wording.yaml", "desk-carer"), lambda _: {"text": "おつかれさまです。"})
    context_sqlite.store.transaction(
        lambda connection: write_draft_file(connection, "wording.yaml", draft["wording.yaml"].decode())
    )
    assert begin_revisions(context_sqlite.store, SHIPPED, TUESDAY_NOON).number == 2
    files = files_of(context_sqlite.store, 2)
    cards = cards_of(files, KINDS)
    assert (cards["money"]["name"], cards["crime"]["lines"]) == ("くらし", ["nat-110"])
    others = {name: card for name, card in cards.items() if name not in {"money", "crime"}}
    assert others == {name: card for name, card in cards_of(SHIPPED, KINDS).items() if name in others}
    assert files["wording.yaml"] == SHIPPED["wording.yaml"]
    assert catalog_of(files)[1] == []
    written = read_card(read_draft(context_sqlite.store).files, CardRef(KINDS, "carer"))
    assert written is not None
    assert written["lead"] == "おつかれさまです。"


def test_an_untouched_office_has_the_shipped_files_byte_for_byte() -> None:
    old = before_kinds(SHIPPED)
    assert merge_upgrade(old, old, SHIPPED).files == dict(SHIPPED)


# --- what the code says ----------------------------------------------------------------------------------------------


def test_the_wording_holds_what_the_code_says_and_nothing_else() -> None:
    keys = {key.removesuffix(".easy") for key in cards_of(SHIPPED, "wording.yaml")}
    assert keys == required_wording()


def test_names_by_hand_are_those_of_the_layers_above() -> None:
    assert platforms() >= {LINE, TELEGRAM}
    assert "mail" not in platforms()
    assert {f"channel-{name}" for name in (CHANNEL, DRILL, *platforms())} <= required_wording()
    assert PRIVATE_FIELDS == FIELDS


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('wording.say("a-b", name="c")', {"a-b"}),
        ('say("one" if yes else "two")', {"one", "two"}),
        ('key = "one" if name == "no" else "two"', {"one", "two"}),
        ('self._choices("menu", *(("agree",) if later else ()))', {"choice-menu", "choice-agree"}),
        ('key = {0: "today"}.get(days)', {"today"}),
        ('catalog.wording["bar"]', {"bar"}),
        ('def menu(key: str = "menu"): ...', {"menu"}),
        ('page(notice="empty")', {"empty"}),
        ('say(f"came-{kind}")', set()),
        ('log("nothing")', set()),
    ],
)
def test_a_key_is_found_where_the_code_says_it(source: str, names: set[str]) -> None:
    assert set(names_in(source)) == names


def test_a_kind_is_read_as_it_stands(understander: Understander) -> None:
    kinds = understander.catalog.kinds
    emergencies = sum(kind.urgency is Route.EMERGENCY for kind in kinds)
    assert [kind.id for kind in kinds if kind.urgency is Route.EMERGENCY] == order(SHIPPED)[:emergencies]
    assert {kind.id for kind in kinds if not kind.may_be_asked_later} == {
        "abuse-told", "crime", "harm", "child-neighbour",
    }  # fmt: skip
    assert {kind.id for kind in kinds if kind.is_talk and not kind.has_silent_line} == {"money"}
    assert kinds["gone"].name == "gone"


def _begun(context: AppContext, mine: Files, shipped: Files) -> None:
    """A database in which a version from before has published its first revision."""
    revision = Revision(1, digest_of(mine), digest_of(shipped), RevisionOrigin.FIRST, "", "", "", TUESDAY_NOON)

    def work(connection: Connection) -> None:
        store_content(connection, revision.digest, pack_files(mine))
        store_content(connection, revision.shipped, pack_files(shipped))
        add_revision(connection, revision)

    context.store.transaction(work)
