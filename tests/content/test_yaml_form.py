"""The one form of writing: the shipped files are in it, comments survive, and what is written is read back."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.__main__ import app
from bot.content.cards.card_kinds import kind_of
from bot.content.cards.cards import CardRef, cards_of, read_card, write_card
from bot.content.content_files import digest_of, files_in, pack_files, unpack_files, write_files
from bot.content.yaml.yaml_form import misshapen_line, parse_yaml
from bot.settings import SHIPPED_CONTENT

SHIPPED = files_in(SHIPPED_CONTENT)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_are_in_the_one_form(name: str) -> None:
    assert misshapen_line(name, SHIPPED[name].decode()) == 0


def test_packed_and_unpacked_they_are_the_same_bytes() -> None:
    files = unpack_files(pack_files(SHIPPED))
    assert files == SHIPPED
    assert digest_of(files) == digest_of(SHIPPED)
    assert digest_of({**files, "menu.yaml": files["menu.yaml"] + b"\n"}) != digest_of(SHIPPED)


def test_a_card_written_as_it_is_changes_no_byte() -> None:
    seen = set()
    cards = {
        CardRef(file, name): card for file in SHIPPED if kind_of(file) for name, card in cards_of(SHIPPED, file).items()
    }
    assert cards
    for place, values in cards.items():
        if place.file not in seen:
            assert write_card(SHIPPED, place, values) == SHIPPED[place.file]
            seen.add(place.file)
    assert len(seen) > 60


def test_comments_stay_where_they_stood() -> None:
    after = write_card(SHIPPED, CardRef("wording.yaml", "clarify"), {"text": "どれですか。"}).decode()
    assert '# --- 聞き返し ---\nclarify: "どれですか。"\n' in after
    menu = write_card(SHIPPED, CardRef("menu.yaml", "雪・買い物のこと"), None).decode()
    assert menu.startswith('# くらしの場面からさがす一覧。\n\n- label: "住まい・家賃・お金"')


@given(TEXTS, st.lists(TEXTS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_is_read_back(lead: str, phrases: list[str]) -> None:
    place = CardRef("measures/measure-13.yaml")
    body = write_card(SHIPPED, place, {"lead": lead, "phrases": list(phrases)})
    card = read_card({place.file: body}, place)
    assert card is not None
    assert (card["lead"], card["phrases"]) == (lead, phrases)
    assert misshapen_line(place.file, body.decode()) == 0


@pytest.mark.usefixtures("kept_logging")
def test_content_check_refuses_another_form_and_rewrites_it(tmp_path: Path) -> None:
    write_files(tmp_path, SHIPPED)
    menu = tmp_path / "menu.yaml"
    menu.write_text(menu.read_text("utf-8").replace('label: "雪・買い物のこと"', "label: '雪・買い物のこと'"), "utf-8")
    refused = CliRunner().invoke(app, ["content", "check", str(tmp_path)])
    assert refused.exit_code == 1
    assert "menu.yaml 3行目: 書き方の形がそろっていません" in refused.output
    assert CliRunner().invoke(app, ["content", "check", str(tmp_path), "--write"]).exit_code == 0
    assert files_in(tmp_path) == SHIPPED


def test_an_empty_list_keeps_its_comments() -> None:
    text = "# なにか\n\n[]\n"
    assert parse_yaml("safety.yaml", text).written() == text
