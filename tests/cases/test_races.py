"""Whatever happens to one resident at the same moment on PostgreSQL: nobody gets an error, and nothing is lost."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import combinations_with_replacement

import httpx
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.domain.cases.case_transitions import OPEN_STATUSES, CaseAction, Status
from bot.domain.understanding.understander import Understander
from bot.handlers.cases.case_actions import claim
from bot.storage.cases.case_rows import cases_of, lock_overdue
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.conversation.stored_replies import open_reply
from bot.storage.engine import Store, open_store
from bot.storage.inbox.inbox_rows import InboxState
from bot.storage.schema.residents_and_cases import case_events, inbound, inbox, outbound
from bot.storage.sealing import Keyring, SealedField
from bot.storage.staff.audit_rows import broken_link
from tests.conftest import new_database
from tests.support.contexts import context_of
from tests.support.line.line_bot import unreachable_line
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.racing import ACTS, LONG_AGO, OVERDUE, Arena, GatedStore, Scene
from tests.support.staff.desk_staff import make_staff
from tests.support.staff.running_desk import running_desk

PAIRS = list(combinations_with_replacement(ACTS, 2))
FEW, MANY = 10, 100
LEAST_SHARE = 0.5
"""Of the repeats, those in which both transactions had begun before either ended."""
LATELY = timedelta(minutes=1)
FAILED = frozenset({"event_failed", "alarm_clock_failed"})
"""What a handler that must go on says instead of raising."""
CLOCKS = frozenset({CaseAction.ALARM, CaseAction.LAPSE, CaseAction.ASK})


@pytest.fixture(scope="module")
def arena(postgresql: str, migrated_database: str, understander: Understander) -> Iterator[Arena]:
    """One for all races: each has a resident and a case of its own."""
    clock = ManualClock(TUESDAY_NOON)
    with closing(GatedStore(open_store(new_database(postgresql, "", migrated_database)))) as store:
        context = context_of(
            store, Keyring([bytes(range(32))]), understander, clock=clock, staff_channels=frozenset({"mail", "line"}),
            channels=unreachable_line(), reply_pause=timedelta(),
        )  # fmt: skip
        owner, other = (make_staff(context, name, mail=f"{name}@city.example")[0] for name in "pq")
        yield Arena(context, store, clock, owner, other)


def begin(arena: Arena, pair: tuple[str, str], number: int) -> Scene:
    """A case in the states in which both can do something, one after the other."""
    if "purge" in pair:
        states = [(Status.CLOSED, LONG_AGO), (Status.CLOSED, LATELY), (Status.CLAIMED, LATELY)]
    elif "claim" in pair:
        states = [(Status.WAITING, LATELY), (Status.CLAIMED, LATELY)]
    else:
        states = [(Status.CLAIMED, LATELY)]
    status, age = states[number % len(states)]
    return arena.scene(status, OVERDUE if "clock" in pair and age == LATELY else age)


def race(arena: Arena, pair: tuple[str, str], repeats: int) -> None:
    """The pair at once, again and again; what must hold is looked at after each."""
    races = 0
    for number in range(repeats):
        scene = begin(arena, pair, number)
        with capture_logs() as said:
            was_race, faults = arena.race(scene, (ACTS[pair[0]], ACTS[pair[1]]))
        races += was_race
        assert faults == []
        assert [entry for entry in said if entry["event"] in FAILED] == []
        # The order of the locks is enough: nothing had to run again.
        assert [entry for entry in said if entry["event"] == "transaction_again"] == []
        check(arena, scene)
        arena.clear()
    with arena.store.reading() as connection:
        assert broken_link(connection) == 0
    assert races >= repeats * LEAST_SHARE, f"only {races} of {repeats} were races"


def check(arena: Arena, scene: Scene) -> None:
    """Nothing is lost, nothing is said or sent twice, and the open case is watched."""
    check_messages(arena, scene)
    check_answers(arena, scene)
    lane = (inbox.c.channel == scene.lane.channel, inbox.c.lane == scene.lane.name)
    assert arena.rows(select(inbox.c.kind).where(*lane, inbox.c.state != InboxState.DONE)) == []
    assert len(set(scene.attempts)) == len(scene.attempts)
    rung = (case_events.c.case_id == scene.case.id, case_events.c.action.in_(CLOCKS))
    assert len(arena.rows(select(case_events.c.id).where(*rung))) <= 1
    with arena.store.reading() as connection:
        mine = find_resident(connection, scene.lane.channel, scene.lane.name) or scene.case.resident
        known = {*cases_of(connection, mine), *cases_of(connection, scene.case.resident)}
    assert [each for each in known if not each.is_watched] == []
    assert len([each for each in known if each.status in OPEN_STATUSES]) <= 1


def check_messages(arena: Arena, scene: Scene) -> None:
    """What was received stands once, in a case; what was taken back or purged stands nowhere."""
    keys = arena.context.keys
    rows = arena.rows(select(inbound).where(inbound.c.event.in_([scene.message, *scene.said])))
    words = {row.event: keys.open(SealedField("inbound", row.id, "words"), row.words) for row in rows}
    assert len(rows) == len(words)
    assert bool(words.pop(scene.message, "")) is not scene.erased
    assert words == dict.fromkeys(scene.said, "もう死にたい")
    assert [row for row in rows if row.case_id is None] == []


def check_answers(arena: Arena, scene: Scene) -> None:
    """Every answer that was accepted stands once."""
    keys = arena.context.keys
    written = (outbound.c.resident_id == scene.case.resident, outbound.c.author != "")
    said = [open_reply(keys, row.id, row.reply).body[0] for row in arena.rows(select(outbound).where(*written))]
    assert sorted(said) == sorted(scene.answers)


@pytest.mark.parametrize("pair", PAIRS, ids="-and-".join)
def test_two_at_once_lose_nothing(arena: Arena, pair: tuple[str, str]) -> None:
    race(arena, pair, FEW)


@pytest.mark.full
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("pair", PAIRS, ids="-and-".join)
def test_two_at_once_lose_nothing_a_hundred_times(arena: Arena, pair: tuple[str, str]) -> None:
    race(arena, pair, MANY)


def test_a_clock_does_not_ring_for_a_case_that_was_claimed_meanwhile(arena: Arena) -> None:
    scene, now = arena.scene(Status.WAITING, OVERDUE), arena.clock.now
    assert arena.store.transaction(lambda connection: lock_overdue(connection, scene.case.id, now)) == scene.case
    claim(arena.context, arena.owner, scene.case.id)
    assert arena.store.transaction(lambda connection: lock_overdue(connection, scene.case.id, now)) is None
    arena.clear()


def test_a_resident_writes_on_the_page_while_staff_answer(
    postgresql_store: Store, keys: Keyring, understander: Understander
) -> None:
    context = context_of(postgresql_store, keys, understander)
    with running_desk(context) as desk, httpx.Client(base_url=desk.url, timeout=30) as resident:
        assert resident.post("/messages", data={"text": "もう死にたい"}).status_code == 200
        case = desk.case()
        with desk.staff("sato") as staff:
            path = f"/desk/cases/{case.number}"
            assert staff.do(f"{path}/claim", case=case.id).status_code == 303
            gate = threading.Barrier(2)
            answers: list[int] = []

            def write() -> None:
                for number in range(15):
                    gate.wait(30)
                    answers.append(resident.post("/messages", data={"text": f"もう死にたい{number}"}).status_code)

            thread = threading.Thread(target=write)
            thread.start()
            pressed = []
            for number in range(15):
                gate.wait(30)
                pressed.append(staff.do(f"{path}/answer", case=case.id, words=f"返事{number}").status_code)
            thread.join()
    assert answers == [200] * 15
    assert pressed == [303] * 15
    with postgresql_store.reading() as connection:
        came = connection.execute(select(inbound).where(inbound.c.case_id == case.id)).all()
        said = connection.execute(select(outbound).where(outbound.c.author != "")).all()
    words = [keys.open(SealedField("inbound", row.id, "words"), row.words) for row in came]
    assert sorted(words) == sorted(["もう死にたい", *(f"もう死にたい{number}" for number in range(15))])
    assert sorted(open_reply(keys, row.id, row.reply).body[0] for row in said) == sorted(
        f"返事{number}" for number in range(15)
    )
