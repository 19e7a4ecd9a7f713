"""A stranger adds a kind of danger: one file of the content, one message. And what is left when it goes again."""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

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
from bot.handlers.index_builder import build_understander
from bot.settings import SHIPPED_CONTENT
from bot.storage.cases.case_rows import list_cases
from bot.web.site import build_site
from tests.conftest import Resident
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff

GUIDE = (SHIPPED_CONTENT / "README.md").read_text("utf-8")
EXAMPLE = dedent(re.findall(r'```yaml\n(   - id: "bear"\n.*?)   ```', GUIDE, re.DOTALL)[0])
GHOST = re.sub("ヒグマ|クマ|熊", "おばけ", EXAMPLE).replace("bear", "ghost")
"""The record that the office's guide gives as its example, for a danger that no version will ship."""
MESSAGE = "庭におばけがいて外に出られません"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped content, and the new kind in its one file, above the first kind that is no emergency."""
    copy = Path(shutil.copytree(SHIPPED_CONTENT, tmp_path / "intents"))
    kinds, first = copy / "kinds.yaml", '- id: "distress"\n'
    kinds.write_text(kinds.read_text("utf-8").replace(first, GHOST + first), encoding="utf-8")
    return copy


@pytest.fixture
def with_ghost(context_sqlite: AppContext, folder: Path, understander: Understander) -> AppContext:
    content = build_understander(files_in(folder), understander.analyzer, context_sqlite.folders.indexes)
    return replace(context_sqlite, content=PublishedContent(content))


def writer(context: AppContext, name: str = "sato") -> Resident:
    return Resident(context, name, TUESDAY_NOON, iter(range(100)))


def the_case(context: AppContext) -> Case:
    with context.store.reading() as connection:
        return next(each for each in list_cases(connection, open_only=False) if not each.is_drill)


@pytest.fixture
def admin(with_ghost: AppContext) -> Iterator[DeskClient]:
    _, credentials = make_staff(with_ghost, "chief", Role.ADMIN)
    with (
        RunningApp(build_site(with_ghost, closes=False)) as running,
        DeskClient(running.url, "chief", credentials) as client,
    ):
        client.sign_in(code_at(credentials, with_ghost.clock()))
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


def test_it_is_heard_and_answered_and_its_case_is_opened(with_ghost: AppContext, understander: Understander) -> None:
    assert understander.by_lists(MESSAGE).signals == ()
    (signal,) = with_ghost.content.understander.by_lists(MESSAGE).signals
    assert (signal.kind, signal.route) == ("ghost", Route.EMERGENCY)
    reply = writer(with_ghost).says(MESSAGE)
    assert reply.route is Route.EMERGENCY
    assert reply.lead == ("家や車の中に入り、戸と窓を閉めて、110 へ。近づかないでください。",)
    assert [call.phone for call in reply.calls] == ["110", "119"]
    case = the_case(with_ghost)
    assert (case.kind, case.urgency) == ("ghost", Route.EMERGENCY)
    notice = notice_of(with_ghost.content.wording(), NoticeFacts(case, CaseAction.OPEN, TUESDAY_NOON, "https://x"))
    assert any("緊急・おばけ" in line for line in notice.lines)


def test_its_place_decides_which_leads(with_ghost: AppContext) -> None:
    understood = with_ghost.content.understander.by_lists(f"火事です。{MESSAGE}。もう限界、つらい")
    assert [signal.kind for signal in understood.signals] == ["fire", "ghost", "distress"]
    sato = writer(with_ghost)
    sato.says("もう限界、つらくて泣いてばかりいる")
    assert the_case(with_ghost).kind == "distress"
    sato.says(MESSAGE)
    assert the_case(with_ghost).kind == "ghost"


def test_the_drill_offers_it_and_the_report_counts_it(with_ghost: AppContext, admin: DeskClient) -> None:
    assert '<option value="ghost">おばけ</option>' in admin.get("/desk/drills").text
    begun = admin.do("/desk/drills/start", kind="ghost", words="（訓練）")
    assert "緊急" in admin.get(begun.headers["location"]).text
    for number in range(6):
        writer(with_ghost, f"r{number}").says(MESSAGE)
    assert counted(admin)["おばけ"] == "6"


@pytest.mark.parametrize("mark", ["yes", "no"])
def test_its_marks_are_kept(context_sqlite: AppContext, understander: Understander, folder: Path, mark: str) -> None:
    kinds = folder / "kinds.yaml"
    kinds.write_text(
        kinds.read_text("utf-8").replace(GHOST, GHOST.replace('later: "yes"', f'later: "{mark}"')), "utf-8"
    )
    files = files_in(folder)
    context_sqlite.content.activate(build_understander(files, understander.analyzer, context_sqlite.folders.indexes), 0)
    staff, _ = make_staff(context_sqlite, "chief", Role.ADMIN)
    writer(context_sqlite).says(MESSAGE)
    case = claim(context_sqlite, staff, the_case(context_sqlite).id)
    ended = close(context_sqlite, staff, case.id, Reason.DONE)
    assert may_be_asked(ended, context_sqlite.content.catalog.kinds) is (mark == "yes")


def test_a_kind_that_is_gone_is_shown_by_its_id(
    with_ghost: AppContext, admin: DeskClient, understander: Understander
) -> None:
    sato = writer(with_ghost)
    sato.says(MESSAGE)
    for number in range(5):
        writer(with_ghost, f"r{number}").says(MESSAGE)
    with_ghost.content.activate(understander, 0)
    case = the_case(with_ghost)
    for page in ("/desk", f"/desk/cases/{case.number}", f"/desk/cases/{case.number}/print"):
        answer = admin.get(page)
        assert (answer.status_code, "ghost" in answer.text) == (200, True), page
    assert counted(admin)["ghost"] == "6"
    assert not may_be_asked(replace(case, reason=Reason.DONE), understander.catalog.kinds)
    sato.says("台所から火が出て燃えてる", after=timedelta(minutes=1))
    with with_ghost.store.reading() as connection:
        kinds = sorted(each.kind for each in list_cases(connection, open_only=True))
    assert kinds == ["fire", *["ghost"] * 5]
