"""The plan's words stay the plan's words: content against source, bullet by bullet."""

from pathlib import Path

import pytest

from bot.domain.catalog import Actor, Catalog
from bot.domain.understanding.understander import Understander
from tests.support.plan_source import SOURCE, TERMS, source_measures, source_terms

SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "plan" / "overview.txt"


@pytest.fixture
def catalog(understander: Understander) -> Catalog:
    return understander.catalog


def test_the_source_is_the_citys_own() -> None:
    if not SHARED.exists():
        pytest.skip("the folder shared/ is not beside this project")
    assert SOURCE.read_bytes() == SHARED.read_bytes()


def test_150_actions_word_for_word_in_order(catalog: Catalog) -> None:
    source = [
        (f"measure-{row.number:02}", actor, text)
        for row in source_measures()
        for actor, texts in row.actions.items()
        for text in texts
    ]
    content = [(entry.id, str(action.actor), action.text) for entry in catalog.entries for action in entry.actions]
    assert len(source) == 150
    assert content == source


def test_titles_are_quoted_and_spoken(catalog: Catalog) -> None:
    printed = {f"measure-{row.number:02}": row.title for row in source_measures()}
    assert {entry.id: entry.source_title for entry in catalog.entries if entry.kind == "measure"} == printed
    spoken = {name: catalog.by_id[name].title for name in printed}
    assert spoken.pop("measure-09") == "福祉サービスの適切な利用の促進"
    assert printed.pop("measure-09") == "福祉サービスに適切な利用の促進"
    assert spoken == printed


def test_six_terms_word_for_word(catalog: Catalog) -> None:
    printed = {TERMS[name.split("（")[0]]: text for name, text in source_terms().items()}
    assert {entry.id: entry.definition for entry in catalog.entries if entry.kind == "term"} == printed
    assert len(printed) == 6


def test_every_marked_word_is_linked(catalog: Catalog) -> None:
    marks = SOURCE.read_text("utf-8").split("【 施策 1 】")[1].rsplit("【用語解説】", 1)[0].count("*")
    notes = 1  # 「右肩に*印があるものは」
    links = sum(action.text.count("[[") for entry in catalog.entries for action in entry.actions)
    assert links == marks - notes


def test_the_plan_around_its_measures(catalog: Catalog) -> None:
    text = SOURCE.read_text("utf-8")
    joined = text.replace("\n", "")
    plan = catalog.plan
    assert plan.idea.replace(" ", "") in joined.replace(" ", "")
    assert [goal.number for goal in plan.goals] == [1, 2, 3]
    assert all(f"基本目標{goal.number} {goal.title}" in text and goal.text in text for goal in plan.goals)
    assert plan.standing in text
    assert plan.period in text
    assert all(part in text for publisher in plan.publishers for part in publisher.split(" "))


def test_every_actor_has_two_actions_a_measure(catalog: Catalog) -> None:
    for entry in catalog.entries:
        if entry.kind == "measure":
            assert [action.actor for action in entry.actions] == [actor for actor in Actor for _ in range(2)]
