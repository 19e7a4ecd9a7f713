"""A stranger adds a kind of danger: one file of the content, one message. And what is left when it goes again."""

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.bootstrap import SHIPPED_CONTENT
from bot.content.check.checker import Checking
from bot.content.check.kinds_check import misplaced
from bot.content.content_files import files_in
from bot.content.read.catalog_reader import ENTRY_FOLDERS, catalog_of
from bot.content.yaml.line_numbers import LineNumbers
from bot.content.yaml.yaml_nodes import misshapen
from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import CaseAction, Reason
from bot.domain.cases.follow_up import may_be_asked
from bot.domain.delivery.notices import NoticeFacts, notice_of
from bot.domain.messages import Route
from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext, PublishedContent
from bot.handlers.cases.case_actions import claim, close
from bot.storage.cases.case_rows import list_cases
from bot.web.site import build_site
from tests.conftest import Resident
from tests.support.desk_staff import DeskClient, code_at, hire
from tests.support.hand_clock import TUESDAY_NOON
from tests.support.running import Running

HEAT = """\
- id: "heat"
  name: "熱中症"
  urgency: "emergency"
  lead: "すぐ {tel:nat-119} へ。涼しい所へ移り、首とわきを冷やしてください。"
  easy: "すぐ {tel:nat-119} に でんわして ください。すずしい ところへ いって ください。"
  lines: ["nat-119", "nat-110"]
  talk: "no"
  silent: "no"
  ask_later: "no"
  words:
    place: [
      "炎天下", "ハウスの中",
    ]
    sign: [
      "ゆだっ", "うだっ",
    ]
  rules:
    - every: ["place", "sign"]
      unless: ["calm"]
      window: "25"
"""
MESSAGE = "炎天下の畑で父がうだってしまった"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped content, and the new kind in its one file, above the first kind that is no emergency."""
    copy = Path(shutil.copytree(SHIPPED_CONTENT, tmp_path / "intents"))
    kinds, first = copy / "kinds.yaml", '- id: "distress"\n'
    kinds.write_text(kinds.read_text("utf-8").replace(first, HEAT + first), encoding="utf-8")
    return copy


@pytest.fixture
def with_heat(context_sqlite: AppContext, folder: Path, understander: Understander) -> AppContext:
    content = context_sqlite.index_builder.understander(files_in(folder), understander.analyzer)
    return replace(context_sqlite, content=PublishedContent(content))


def writer(context: AppContext, name: str = "sato") -> Resident:
    return Resident(context, name, TUESDAY_NOON, iter(range(100)))


def the_case(context: AppContext) -> Case:
    with context.store.reading() as connection:
        return next(each for each in list_cases(connection, open_only=False) if not each.is_drill)


@pytest.fixture
def admin(with_heat: AppContext) -> Iterator[DeskClient]:
    _, opener = hire(with_heat, "chief", Role.ADMIN)
    with (
        Running(build_site(with_heat, closes=False)) as running,
        DeskClient(running.url, "chief", opener) as client,
    ):
        client.sign_in(code_at(opener, with_heat.clock()))
        yield client


def counted(client: DeskClient) -> dict[str, str]:
    """The report's table of kinds."""
    body = client.get("/desk/report.csv?month=2026-11").content.decode("utf-8-sig")
    return {name: shown for table, name, shown in csv.reader(io.StringIO(body)) if table == "相談の種類"}


def test_the_content_with_a_new_kind_has_no_fault(folder: Path) -> None:
    files = files_in(folder)
    catalog, faults = catalog_of(files)
    assert faults == []
    checking = Checking(catalog, LineNumbers.of(files, ENTRY_FOLDERS), TUESDAY_NOON.date())
    assert [*checking.faults(), *misplaced(catalog, files), *misshapen(files)] == []


def test_it_is_heard_and_answered_and_its_case_is_opened(with_heat: AppContext, understander: Understander) -> None:
    assert understander.by_lists(MESSAGE).signals == ()
    (signal,) = with_heat.content.understander.by_lists(MESSAGE).signals
    assert (signal.kind, signal.route) == ("heat", Route.EMERGENCY)
    reply = writer(with_heat).says(MESSAGE)
    assert reply.route is Route.EMERGENCY
    assert reply.lead == ("すぐ 119 へ。涼しい所へ移り、首とわきを冷やしてください。",)
    assert [call.phone for call in reply.calls] == ["119", "110"]
    case = the_case(with_heat)
    assert (case.kind, case.urgency) == ("heat", Route.EMERGENCY)
    notice = notice_of(with_heat.content.wording(), NoticeFacts(case, CaseAction.OPEN, TUESDAY_NOON, "https://x"))
    assert any("緊急・熱中症" in line for line in notice.lines)


def test_its_place_decides_which_leads(with_heat: AppContext) -> None:
    understood = with_heat.content.understander.by_lists(f"火事です。{MESSAGE}。もう限界、つらい")
    assert [signal.kind for signal in understood.signals] == ["fire", "heat", "distress"]
    sato = writer(with_heat)
    sato.says("もう限界、つらくて泣いてばかりいる")
    assert the_case(with_heat).kind == "distress"
    sato.says(MESSAGE)
    assert the_case(with_heat).kind == "heat"


def test_the_drill_offers_it_and_the_report_counts_it(with_heat: AppContext, admin: DeskClient) -> None:
    assert '<option value="heat">熱中症</option>' in admin.get("/desk/drills").text
    begun = admin.do("/desk/drills/start", kind="heat", words="（訓練）")
    assert "緊急" in admin.get(begun.headers["location"]).text
    for number in range(6):
        writer(with_heat, f"r{number}").says(MESSAGE)
    assert counted(admin)["熱中症"] == "6"


def test_its_marks_are_kept(with_heat: AppContext) -> None:
    staff, _ = hire(with_heat, "chief", Role.ADMIN)
    writer(with_heat).says(MESSAGE)
    case = claim(with_heat, staff, the_case(with_heat).id)
    ended = close(with_heat, staff, case.id, Reason.DONE)
    kinds = with_heat.content.catalog.kinds
    assert not may_be_asked(ended, kinds)
    assert may_be_asked(replace(ended, kind=kinds["illness"].id), kinds)


def test_a_kind_that_is_gone_is_shown_by_its_id(
    with_heat: AppContext, admin: DeskClient, understander: Understander
) -> None:
    sato = writer(with_heat)
    sato.says(MESSAGE)
    for number in range(5):
        writer(with_heat, f"r{number}").says(MESSAGE)
    with_heat.content.put(understander, 0)
    case = the_case(with_heat)
    for page in ("/desk", f"/desk/cases/{case.number}", f"/desk/cases/{case.number}/print"):
        answer = admin.get(page)
        assert (answer.status_code, "heat" in answer.text) == (200, True), page
    assert counted(admin)["heat"] == "6"
    assert not may_be_asked(replace(case, reason=Reason.DONE), understander.catalog.kinds)
    sato.says("台所から火が出て燃えてる", after=timedelta(minutes=1))
    with with_heat.store.reading() as connection:
        kinds = sorted(each.kind for each in list_cases(connection, open_only=True))
    assert kinds == ["fire", *["heat"] * 5]
