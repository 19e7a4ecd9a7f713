"""`doctor` and the desk's page: what is wrong is found, and what to do stands behind it, in two languages."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.opening_hours import OpeningHours
from bot.domain.operations.health_findings import HealthFinding, HealthState, HealthVerdict, health_findings
from bot.domain.operations.health_texts import ENGLISH, JAPANESE
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.operations.backup_restore import back_up
from bot.handlers.operations.health_report import Deployment, health_report
from bot.handlers.staff.duty_settings import save_desk_mail, save_duty_people
from bot.storage.sealing import Keyring
from bot.web.site import build_site
from tests.conftest import ROOT, Resident
from tests.support.line.line_bot import ShiftedClock
from tests.support.line.line_residents import SECRET
from tests.support.line.line_server import CHANNEL_ID, LineServer
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff

MakeResident = Callable[..., Resident]
HOUR = timedelta(hours=1)
SITO = DutyPerson("sito", on_call=True)
WELL = HealthState(
    now=TUESDAY_NOON, is_current=True, old_seals=0, lost_seals=0, sqlite=(3, 53, 4), content_faults=0, unconfirmed=0,
    clock_off=timedelta(), broken_link=0, last_backup=TUESDAY_NOON - HOUR, set_aside=0, free_bytes=5 * 10**9,
    roster=DutyRoster(OpeningHours(), (SITO,)), ways=1, accounts=2, admins=1, dead_letters=0, failed_notices=0,
    unwatched=0, unclaimed_since=None, overdue="", pushes_left="5 / 200", few_pushes=False, is_https=True,
)  # fmt: skip
WRONG = {
    "unclaimed": (replace(WELL, unclaimed_since=TUESDAY_NOON - 2 * HOUR), HealthVerdict.ACT),
    "unwatched": (replace(WELL, unwatched=1), HealthVerdict.ACT),
    "events-aside": (replace(WELL, dead_letters=1), HealthVerdict.ACT),
    "moves": (replace(WELL, overdue="messages wait for delivery"), HealthVerdict.ACT),
    "duty": (replace(WELL, roster=DutyRoster(OpeningHours())), HealthVerdict.ACT),
    "on-call": (
        replace(WELL, roster=DutyRoster(OpeningHours(), (replace(SITO, is_reached=False),))),
        HealthVerdict.ACT,
    ),
    "ways": (replace(WELL, ways=0), HealthVerdict.ACT),
    "failed-notices": (replace(WELL, failed_notices=3), HealthVerdict.ACT),
    "admins": (replace(WELL, admins=0), HealthVerdict.ACT),
    "pushes": (replace(WELL, few_pushes=True), HealthVerdict.LOOK),
    "schema": (replace(WELL, is_current=False), HealthVerdict.ACT),
    "lost-keys": (replace(WELL, lost_seals=7), HealthVerdict.ACT),
    "old-keys": (replace(WELL, old_seals=7), HealthVerdict.LOOK),
    "audit": (replace(WELL, broken_link=12), HealthVerdict.ACT),
    "no-backup": (replace(WELL, last_backup=None), HealthVerdict.ACT),
    "backup": (replace(WELL, last_backup=TUESDAY_NOON - 30 * HOUR), HealthVerdict.LOOK),
    "set-aside": (replace(WELL, set_aside=1), HealthVerdict.LOOK),
    "content": (replace(WELL, content_faults=2), HealthVerdict.ACT),
    "unconfirmed": (replace(WELL, unconfirmed=34), HealthVerdict.LOOK),
    "sqlite": (replace(WELL, sqlite=(3, 40, 1)), HealthVerdict.LOOK),
    "clock": (replace(WELL, clock_off=timedelta(seconds=40)), HealthVerdict.ACT),
    "disk": (replace(WELL, free_bytes=10**6), HealthVerdict.ACT),
    "https": (replace(WELL, is_https=False), HealthVerdict.LOOK),
}


def _found(state: HealthState) -> dict[str, HealthFinding]:
    return {each.name: each for each in health_findings(state)}


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    assert {each.name for each in health_findings(WELL) if each.verdict is not HealthVerdict.RIGHT} == set()


@pytest.mark.parametrize("name", WRONG)
def test_each_fault_is_found_alone_and_said_with_what_to_do(name: str) -> None:
    state, verdict = WRONG[name]
    found = _found(state)
    wrong = {each.name: each.verdict for each in found.values() if each.verdict is not HealthVerdict.RIGHT}
    expected = {name: verdict} | ({"on-call": HealthVerdict.ACT} if name == "duty" else {})
    assert wrong == expected
    for language in (ENGLISH, JAPANESE):
        stands, to_do = language[name].of(found[name])
        assert stands
        assert to_do
    assert re.search("[ぁ-ん]", JAPANESE[name].of(found[name])[0])


def test_both_languages_know_every_finding() -> None:
    assert set(ENGLISH) == set(JAPANESE) == set(WRONG)


def test_a_backup_that_is_a_week_old_must_be_made() -> None:
    assert _found(replace(WELL, last_backup=TUESDAY_NOON - timedelta(days=8)))["backup"].verdict is HealthVerdict.ACT


def test_the_state_of_a_real_deployment(context: AppContext, make_resident: MakeResident, tmp_path: Path) -> None:
    context = replace(context, staff_channels=frozenset({"mail"}))
    premises = Deployment(context.store.file, (), is_https=True)

    def wrong(context: AppContext) -> set[str]:
        now = TUESDAY_NOON + timedelta(minutes=1)
        return {each.name for each in health_report(context, premises, now) if each.verdict is HealthVerdict.ACT}

    # PostgreSQL's clock is the real one, and the test's is not.
    clock = {"clock"} if context.store.file is None else set()
    assert wrong(context) == {"duty", "on-call", "ways", "admins", "no-backup"} | clock
    admin, _ = make_staff(context, "admin", Role.ADMIN, "admin@city.example")
    save_duty_people(context, admin, [DutyPerson(admin.id, on_call=True)])
    save_desk_mail(context, admin, "desk@city.example")
    back_up(context.store, tmp_path / "backup.db", TUESDAY_NOON)
    make_resident("sato").says("もう死にたい")
    assert wrong(context) == clock
    assert wrong(replace(context, keys=Keyring([b"n" * 32]))) == {"lost-keys"} | clock


def test_the_page_is_for_admins(context: AppContext) -> None:
    clock = ShiftedClock()
    context = replace(context, clock=clock)
    with RunningApp(build_site(context, closes=False)) as running:
        for role, status in ((Role.ADMIN, 200), (Role.COUNSELLOR, 403), (Role.AUDITOR, 403)):
            _, credentials = make_staff(context, role, role)
            with DeskClient(running.url, role, credentials) as client:
                values = {"login": role, "password": credentials.password, "code": code_at(credentials, clock())}
                client.client.post("/desk/sign-in", data=values)
                page = client.get("/desk/state")
                assert page.status_code == status
                assert ("当番がだれもいません" in page.text) == (role is Role.ADMIN)


def test_on_the_command_line_with_line_and_without(tmp_path: Path) -> None:
    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/bot.db"} | more
        command = [sys.executable, "-m", "bot", *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    none = run("doctor")
    assert (none.returncode, none.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []
    assert run("migrate").returncode == 0
    with LineServer() as line:
        account = {"LINE_CHANNEL_ID": CHANNEL_ID, "LINE_CHANNEL_SECRET": SECRET, "LINE_API_URL": line.url}
        done = run("doctor", PUBLIC_URL="https://bot.example.jp", **account)
    assert done.returncode == 1
    assert "!!  NOBODY IS ON DUTY" in done.stdout
    assert "webhook" in done.stdout
    assert "quota" in done.stdout
    assert "Traceback" not in done.stderr
