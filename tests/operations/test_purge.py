"""What is kept goes when its time has come, or when its owner wants it, to the last sealed byte; counts stay."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.content.read.catalog_reader import read_catalog
from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import NotPossibleError, Reason
from bot.domain.catalog import Retention
from bot.domain.delivery.staff_notice import StaffNotice
from bot.domain.messages import Event, EventKind, Inbound
from bot.domain.staff.permissions import Role, Staff
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, close, note, reopen
from bot.handlers.conversation.receive_message import receive
from bot.handlers.operations.purge import NotPurgedError, Purged, purge_kept, purge_resident
from bot.settings import SHIPPED_CONTENT
from bot.storage.cases.case_rows import list_cases, read_case, read_history
from bot.storage.conversation.count_rows import read_counts
from bot.storage.conversation.message_rows import read_case_talk, read_case_words
from bot.storage.conversation.resident_rows import find_resident
from bot.storage.delivery.outbox_reads import suppress_waiting_notices
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.engine import Store
from bot.storage.inbox.inbox_rows import Lane, finish_events, insert_events, waiting_events
from bot.storage.operations.sealed_rows import sealed_columns
from bot.storage.schema.residents_and_cases import inbox, residents
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry, broken_link, read_audit_entries
from tests.conftest import Resident
from tests.support.contexts import context_of
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.staff.desk_staff import make_staff

MakeResident = Callable[..., Resident]
SHIPPED = Retention()
DAY, YEAR = timedelta(days=1), timedelta(days=366)
OF_STAFF = {("staff", "totp"), ("staff_chats", "address")}
"""Sealed, and not a resident's."""


@pytest.fixture
def context(context: AppContext) -> AppContext:
    return replace(context, clock=lambda: TUESDAY_NOON + timedelta(minutes=5))


@pytest.fixture
def staff(context: AppContext) -> Staff:
    return make_staff(context, "admin", Role.ADMIN)[0]


def _writes_on_line(context: AppContext, name: str, text: str) -> None:
    """A message that came over LINE, with all that it leaves behind."""
    store, keys = context.store, context.keys
    event = Event(EventKind.TEXT, f"key of {name} {text}", name, TUESDAY_NOON, person=f"U-{name}", text=text, raw=text)
    store.transaction(lambda connection: insert_events(connection, keys, "line", [event], TUESDAY_NOON))
    with store.reading() as connection:
        ids = [each.id for each in waiting_events(connection, Lane("line", name))]
    message = Inbound(
        "line", name, event.key, text, TUESDAY_NOON, source=name, address=f"U-{name}", ticket="t", goes_out=True
    )
    receive(context, [message], TUESDAY_NOON, lambda connection: finish_events(connection, ids))


def _ended_case(
    context: AppContext, staff: Staff, name: str = "sato", text: str = "もう死にたい", reason: Reason = Reason.DONE
) -> Case:
    """A case from LINE that was answered, noted and closed on Tuesday."""
    _writes_on_line(context, name, text)
    with context.store.reading() as connection:
        resident = find_resident(connection, "line", name)
        (case,) = [each for each in list_cases(connection, open_only=True) if each.resident == resident]
    claim(context, staff, case.id)
    answer(context, staff, case.id, StaffAnswer("読みました"))
    note(context, staff, case.id, "メモ")
    wanted = [StaffNotice("mail:a@city.example", "open", case.id)]
    context.store.transaction(lambda connection: add_notices(connection, context.keys, wanted, TUESDAY_NOON, "t"))
    close(context, staff, case.id, reason)
    return case


def _sealed(store: Store) -> dict[tuple[str, str], list[bytes]]:
    """Every sealed value of residents that is there."""
    found = {}
    with store.reading() as connection:
        for table, name in sealed_columns():
            values = connection.execute(select(table.c[name]).where(table.c[name].is_not(None))).scalars().all()
            if values and (table.name, name) not in OF_STAFF:
                found[table.name, name] = [bytes(value) for value in values]
    return found


def test_periods(context: AppContext, staff: Staff, make_resident: MakeResident) -> None:
    make_resident("abe").says("雪かきができない")
    make_resident("ito").says("もう死にたい")
    ended = _ended_case(context, staff)
    day = TUESDAY_NOON.date()
    assert purge_kept(context.store, SHIPPED, TUESDAY_NOON + 29 * DAY) == Purged(0, 0, 0, 0)
    assert purge_kept(context.store, SHIPPED, TUESDAY_NOON + 31 * DAY) == Purged(1, 0, 1, 0)
    assert purge_kept(context.store, SHIPPED, TUESDAY_NOON + 364 * DAY) == Purged(0, 0, 0, 0)
    with context.store.reading() as connection:
        assert read_case_words(connection, context.keys, ended.id) == ["もう死にたい"]
    assert purge_kept(context.store, SHIPPED, TUESDAY_NOON + YEAR) == Purged(0, 1, 1, 0)
    with context.store.reading() as connection:
        keys = context.keys
        assert read_case_talk(connection, keys, ended.id) == []
        assert {event.done.note for event in read_history(connection, keys, ended.id)} == {""}
        kept = read_case(connection, ended.number)
        assert kept is not None
        assert (kept.kind, kept.reason, kept.source) == (ended.kind, "done", "")
        (still_open,) = list_cases(connection, open_only=True)
        assert read_case_words(connection, keys, still_open.id) == ["もう死にたい"], "an open case never goes"
        assert find_resident(connection, "line", "sato") is None
        counts = read_counts(connection, day, day)
        assert counts == {("web", "answer"): 1, ("web", "emergency"): 1, ("line", "emergency"): 1}
        assert broken_link(connection) == 0
    with pytest.raises(NotPossibleError):
        reopen(context, staff, ended.id)


def test_nothing_sealed_of_a_resident_is_left_in_any_place(
    context: AppContext, staff: Staff, make_resident: MakeResident
) -> None:
    _ended_case(context, staff, reason=Reason.FALSE_ALARM)
    _writes_on_line(context, "abe", "雪かきができない")
    make_resident("ito").says("雪かきができない")
    make_resident("abe").says("ちょぺりぐらの件")
    lost = Event(EventKind.TEXT, "aside", "uno", TUESDAY_NOON, text="灯油", raw="灯油")
    keys = context.keys
    context.store.transaction(lambda connection: insert_events(connection, keys, "line", [lost], TUESDAY_NOON))
    context.store.transaction(lambda connection: connection.execute(inbox.update().values(state="aside")))
    assert set(_sealed(context.store)) == {(table.name, name) for table, name in sealed_columns()} - OF_STAFF
    context.store.transaction(suppress_waiting_notices)
    purge_kept(context.store, SHIPPED, TUESDAY_NOON + YEAR)
    assert _sealed(context.store) == {}


def test_what_was_sealed_stands_in_no_file_any_more(
    sqlite_store: Store, keys: Keyring, understander: Understander, tmp_path: Path
) -> None:
    context = context_of(sqlite_store, keys, understander)
    abe = Resident(context, "abe", TUESDAY_NOON, count())
    for number in range(60):
        abe.sends(f"雪かきができない {number}")
    values = [value for each in _sealed(sqlite_store).values() for value in each]
    files = [tmp_path / "bot.db", tmp_path / "bot.db-wal"]
    assert any(values[5][4:] in file.read_bytes() for file in files), "looked for in the wrong place"
    purge_kept(sqlite_store, SHIPPED, TUESDAY_NOON + 31 * DAY)
    left = b"".join(file.read_bytes() for file in files if file.exists())
    assert not [value for value in values if value[4:16] in left]


def test_one_persons_wish(context: AppContext, staff: Staff, make_resident: MakeResident) -> None:
    make_resident("ito").says("雪かきができない")
    first = _ended_case(context, staff)
    _writes_on_line(context, "sato", "雪かきができない")
    _writes_on_line(context, "sato", "ちょぺりぐらの件")
    assert ("unclear", "words") in _sealed(context.store)
    with context.store.reading() as connection:
        before = len(connection.execute(select(inbox.c.id)).all())
    assert purge_resident(context.store, first.number, TUESDAY_NOON + DAY) == 3
    assert set(_sealed(context.store)) == {
        ("inbound", "words"),
        ("outbound", "reply"),
        ("residents", "conversation"),
    } | {("outbound", "ticket")}, "what is left is another person's, and a notice that is on its way"
    with context.store.reading() as connection:
        assert find_resident(connection, "line", "sato") is None
        assert find_resident(connection, "web", "ito") is not None
        assert "U-sato" not in str(connection.execute(select(residents)).all())
        assert {row.lane for row in connection.execute(select(inbox))} == {""}
        assert len(connection.execute(select(inbox.c.id)).all()) == before, "keys stay: no event is taken up twice"
        assert read_case(connection, first.number) is not None
        assert read_audit_entries(connection, about=first.id)[0].trace.action == "purge-wish"
        assert broken_link(connection) == 0
    _writes_on_line(context, "sato", "空き家をどうするか")


def test_a_wish_does_not_take_an_open_sos_away(context: AppContext, make_resident: MakeResident) -> None:
    make_resident("sato").says("もう死にたい")
    with context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    with pytest.raises(NotPurgedError, match="close it first"):
        purge_resident(context.store, case.number, TUESDAY_NOON)
    with pytest.raises(NotPurgedError, match="no case"):
        purge_resident(context.store, f"{(int(case.number) + 1) % 10**6:06}", TUESDAY_NOON)
    with context.store.reading() as connection:
        assert read_case_words(connection, context.keys, case.id) == ["もう死にたい"]


@pytest.fixture
def years(store: Store) -> Store:
    """A trace a day for two hundred days."""

    def work(connection: Connection) -> None:
        for number in range(200):
            add_audit_entry(
                connection, AuditEntry(TUESDAY_NOON + number * DAY, "console", "case-view", f"case {number}")
            )

    store.transaction(work)
    return store


def test_the_audit_goes_after_five_years_and_its_chain_holds(years: Store) -> None:
    def link() -> int:
        with years.reading() as connection:
            return broken_link(connection)

    later = TUESDAY_NOON + 5 * YEAR + timedelta(days=100, hours=1)
    assert purge_kept(years, SHIPPED, later).traces == 101
    assert link() == 0
    years.transaction(lambda connection: connection.exec_driver_sql("DELETE FROM audit WHERE number = 102"))
    assert link() == 103, "what was taken off the old end by hand shows"
    assert purge_kept(years, SHIPPED, later + YEAR).traces == 0, "a broken chain is evidence"


@pytest.mark.parametrize("days", ["0", "29", "40000", "いちねん"])
def test_a_slip_of_the_pen_is_said_in_japanese(tmp_path: Path, days: str) -> None:
    folder = Path(shutil.copytree(SHIPPED_CONTENT, tmp_path / "intents"))
    sheet = folder / "retention.yaml"
    assert read_catalog(folder)[0].retention == SHIPPED
    sheet.write_text(sheet.read_text("utf-8").replace('"365"', f'"{days}"'), encoding="utf-8")
    catalog, (fault,) = read_catalog(folder)
    assert (fault.file, fault.line) == ("retention.yaml", 7)
    assert "数" in fault.what + fault.mend
    assert catalog.retention == SHIPPED
