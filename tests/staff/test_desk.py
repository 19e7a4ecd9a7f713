"""The consultation desk over HTTP, on both databases: who gets in, who may do what, who wins."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from bot.domain.cases.case_transitions import Status
from bot.domain.messages import Route
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_timers import run_case_timers
from bot.storage.cases.case_rows import read_history
from bot.storage.staff.audit_rows import broken_link, read_audit_entries
from tests.conftest import Resident
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff
from tests.support.staff.running_desk import Desk, running_desk

MakeResident = Callable[..., Resident]


@pytest.fixture
def desk(context: AppContext) -> Iterator[Desk]:
    with running_desk(context) as running:
        yield running


@pytest.fixture
def sato(make_resident: MakeResident, desk: Desk) -> Resident:
    return make_resident("sato", desk.clock() - timedelta(minutes=1))


def test_the_way_of_an_sos(desk: Desk, sato: Resident) -> None:
    sato.says("もう死にたい")
    with desk.staff("a") as first, desk.staff("b") as second:
        case = desk.case()
        page = first.get(f"/desk/cases/{case.number}").text
        assert "もう死にたい" in page
        assert first.do(f"/desk/cases/{case.number}/claim", case=case.id).status_code == httpx.codes.SEE_OTHER
        lost = second.do(f"/desk/cases/{case.number}/claim", case=case.id)
        assert lost.status_code == httpx.codes.CONFLICT
        assert "職員a さんが先に担当しました" in lost.text
        assert second.do(f"/desk/cases/{case.number}/answer", case=case.id, words="x").status_code == 403
        first.do(f"/desk/cases/{case.number}/answer", case=case.id, words="読みました。<b>ひとり</b>にしません。")
        assert "&lt;b&gt;ひとり&lt;/b&gt;" in first.get(f"/desk/cases/{case.number}").text
        said = sato.talk()[-1].replies
        assert "職員が読みはじめました" in said[-2].text
        assert said[-1].by_staff
        assert said[-1].body == ("読みました。<b>ひとり</b>にしません。",)
        first.do(f"/desk/cases/{case.number}/close", case=case.id, reason="done")
    assert desk.case().status is Status.CLOSED
    assert "これからはボットがお答えします" in sato.talk()[-1].replies[-1].text


def test_the_bot_is_silent_while_staff_have_the_case_but_for_danger(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    with desk.staff("a") as staff:
        case = desk.case()
        staff.do(f"/desk/cases/{case.number}/claim", case=case.id)
        sato.sends("雪かきができない")
        assert sato.talk()[-1].replies == ()
        assert sato.says("もう死にたい").route is Route.EMERGENCY
        assert desk.case().urgency is Route.EMERGENCY
        assert desk.case().owner
        sato.sends("死にたい")
        assert sato.talk()[-1].replies == ()
        assert sato.says("死にたい", after=timedelta(minutes=31)).route is Route.EMERGENCY
        assert "ボットがお答えします" in sato.says("ボットに戻る").text
        assert sato.says("雪かきができない").route is Route.ANSWER
        assert "雪かきができない" in staff.get(f"/desk/cases/{case.number}").text


def test_unsent_words_are_gone_at_the_desk_and_notes_never_leave(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    with desk.staff("a") as staff, desk.staff("v", Role.VIEWER) as viewer:
        case = desk.case()
        staff.do(f"/desk/cases/{case.number}/claim", case=case.id)
        staff.do(f"/desk/cases/{case.number}/note", case=case.id, words="ないしょのメモ")
        assert "ないしょのメモ" in viewer.get(f"/desk/cases/{case.number}").text
        assert viewer.do(f"/desk/cases/{case.number}/note", case=case.id, words="x").status_code == 403
    assert all("ないしょ" not in reply.text for exchange in sato.talk() for reply in exchange.replies)


def test_codes_open_once_and_failures_make_wait(desk: Desk) -> None:
    _, credentials = make_staff(desk.context, "a")
    code = code_at(credentials, desk.clock())
    with DeskClient(desk.url, "a", credentials) as client:
        assert client.sign_in(code).status_code == httpx.codes.SEE_OTHER
        assert client.sign_in(code).status_code == httpx.codes.FORBIDDEN
        assert client.sign_in(credentials.recovery_codes[3].upper()).status_code == httpx.codes.SEE_OTHER
        assert client.sign_in(credentials.recovery_codes[3]).status_code == httpx.codes.FORBIDDEN
        statuses = [client.sign_in("000000", "wrong").status_code for _ in range(6)]
        assert statuses[-1] == httpx.codes.TOO_MANY_REQUESTS
        assert client.sign_in(credentials.recovery_codes[4]).status_code == httpx.codes.TOO_MANY_REQUESTS
        desk.clock.ahead += timedelta(hours=1)
        assert client.sign_in(credentials.recovery_codes[4]).status_code == httpx.codes.SEE_OTHER


def test_an_idle_screen_is_locked_and_still_says_that_somebody_waits(desk: Desk, sato: Resident) -> None:
    with desk.staff("a") as staff, httpx.Client(base_url=desk.url) as stranger:
        desk.clock.ahead += timedelta(minutes=16)
        sato.says("人と話したい")
        assert staff.get("/desk/queue").headers["location"] == "/desk/locked"
        assert "待っている方が 1 人います" in staff.get("/desk/locked").text
        assert staff.get("/desk/waits").json() == {"waiting": 1}
        assert stranger.get("/desk/locked").headers["location"] == "/desk/sign-in"
        assert stranger.get("/desk/waits").status_code == httpx.codes.NOT_FOUND


def test_asking_by_itself_keeps_nobody_signed_in(desk: Desk) -> None:
    with desk.staff("a") as staff:
        for _ in range(4):
            desk.clock.ahead += timedelta(minutes=5)
            for path in ("/desk/alive", "/desk/waits", "/desk/locked", "/desk/sign-in"):
                staff.get(path)
            with staff.client.stream("GET", "/desk/stream"):
                answer = staff.get("/desk/queue")
        assert answer.status_code == httpx.codes.SEE_OTHER


def test_who_types_is_not_locked_out(desk: Desk) -> None:
    with desk.staff("a") as staff:
        for _ in range(4):
            desk.clock.ahead += timedelta(minutes=5)
            staff.get("/desk/alive?acts=1")
        assert staff.get("/desk/queue").status_code == httpx.codes.OK


def test_roles(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    number = desk.case().number
    opens = {
        Role.VIEWER: {"/desk", f"/desk/cases/{number}"},
        Role.COUNSELLOR: {"/desk", f"/desk/cases/{number}"},
        Role.ADMIN: {"/desk", f"/desk/cases/{number}", "/desk/duty", "/desk/staff", "/desk/audit"},
        Role.AUDITOR: {"/desk/audit"},
    }
    every = set().union(*opens.values())
    for role, paths in opens.items():
        _, credentials = make_staff(desk.context, role, role)
        with DeskClient(desk.url, role, credentials) as client:
            values = {"login": role, "password": credentials.password, "code": credentials.recovery_codes[0]}
            client.client.post("/desk/sign-in", data=values)
            assert {path for path in every if client.get(path).status_code == 200} == paths


def test_a_form_without_its_token_and_a_foreign_page_change_nothing(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    case = desk.case()
    with desk.staff("a") as staff, desk.staff("b") as other:
        for values, headers in (
            ({"csrf": ""}, {}),
            ({"csrf": other.csrf}, {}),
            ({"csrf": staff.csrf}, {"sec-fetch-site": "cross-site"}),
        ):
            path = f"/desk/cases/{case.number}/claim"
            answer = staff.client.post(path, data=values | {"case": case.id}, headers=headers)
            assert answer.status_code == httpx.codes.FORBIDDEN
        assert desk.case().status is Status.WAITING
        assert staff.do(path, case=case.id).status_code == httpx.codes.SEE_OTHER, "its own token of its own session"


def test_every_look_and_change_leaves_a_trace_and_a_changed_trace_shows(desk: Desk, sato: Resident) -> None:
    sato.says("人と話したい")
    case = desk.case()
    with desk.staff("a") as staff:
        staff.get(f"/desk/cases/{case.number}")
        staff.do(f"/desk/cases/{case.number}/claim", case=case.id)
    store = desk.context.store
    with store.reading() as connection:
        actions = [each.trace.action for each in reversed(read_audit_entries(connection, about=case.id))]
        assert actions[:3] == ["case-open", "case-view", "case-claim"]
        assert broken_link(connection) == 0
    store.transaction(lambda c: c.exec_driver_sql("UPDATE audit SET staff = 'x' WHERE number = 2"))
    with store.reading() as connection:
        assert broken_link(connection) == 2


def test_an_owner_who_forgets_loses_the_case_and_somebody_is_told(desk: Desk, sato: Resident) -> None:
    sato.says("もう死にたい")
    with desk.staff("a") as staff:
        case = desk.case()
        staff.do(f"/desk/cases/{case.number}/claim", case=case.id)
        assert run_case_timers(desk.context) == 0
        desk.clock.ahead += timedelta(minutes=11)
        assert run_case_timers(desk.context) == 1
    case = desk.case()
    assert (case.status, case.owner) == (Status.WAITING, "")
    assert case.is_watched
    with desk.context.store.reading() as connection:
        history = read_history(connection, desk.context.keys, case.id)
    assert [event.done.action for event in history] == ["open", "claim", "lapse"]
