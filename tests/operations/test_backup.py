"""Backups: whole, private, checked; after a restore every case is there and nothing is said twice."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, update

from bot.bootstrap import platforms_that_know_repeats
from bot.domain.cases.case_transitions import Reason
from bot.domain.delivery.after_restore import Pending, may_resend
from bot.domain.delivery.delivery_rules import OutboundState
from bot.domain.messages import Route
from bot.domain.staff.permissions import Role
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close
from bot.handlers.cases.case_timers import run_case_timers
from bot.handlers.operations.backup_restore import (
    Restored,
    RestoreSetting,
    back_up,
    restore_database,
    restore_file,
)
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.message_rows import read_case_words
from bot.storage.engine import SQLITE, Store, open_store
from bot.storage.migrate import alembic_config, migrate
from bot.storage.operations.backup_file import BackupError, open_file
from bot.storage.schema.every_table import every_table
from bot.storage.schema.residents_and_cases import cases, outbound
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import broken_link, last_audit_entry
from bot.storage.staff.duty_rows import write_switch
from bot.storage.staff.staff_chat_rows import NewOffer, offer_chat
from tests.conftest import ROOT, Resident, new_database
from tests.support.contexts import context_of
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import text_event, user
from tests.support.line.line_server import Fault, LineServer
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.staff.desk_staff import make_staff

MakeResident = Callable[..., Resident]
NOW = TUESDAY_NOON + timedelta(hours=1)
REPEATS = platforms_that_know_repeats()
SATO = user("sato")


@pytest.fixture
def written(context: AppContext, make_resident: MakeResident) -> AppContext:
    """A city with two cases, talk without one, and somebody at the desk."""
    make_resident("sato").says("もう死にたい")
    make_resident("ito").says("人と話したい")
    make_resident("abe").says("雪かきができない")
    context = replace(context, clock=lambda: NOW)
    make_staff(context, "admin", Role.ADMIN)
    code = NewOffer("line", "", "the hash of a code", NOW + timedelta(minutes=15))
    context.store.transaction(lambda connection: offer_chat(connection, code, NOW))
    return context


def _rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=str) for table in every_table()}


def _words(store: Store, keys: Keyring) -> set[str]:
    with store.reading() as connection:
        return {text for case in list_cases(connection, open_only=True) for text in _case_words(store, keys, case.id)}


def _case_words(store: Store, keys: Keyring, case: str) -> list[str]:
    with store.reading() as connection:
        return read_case_words(connection, keys, case)


def test_a_backup_is_one_private_file_with_everything_but_the_keys(written: AppContext, tmp_path: Path) -> None:
    file = tmp_path / "kept" / "backup.db"
    contents = back_up(written.store, file, NOW)
    assert (contents.cases, contents.open_cases, contents.messages, contents.pending) == (2, 2, 3, 0)
    assert [path.name for path in file.parent.iterdir()] == ["backup.db"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert bytes(range(32)) not in file.read_bytes()
    copy = open_file(file)
    differs = {name for name, rows in _rows(copy).items() if rows != _rows(written.store)[name]}
    copy.close()
    assert differs == {"switches"}, "when the last backup was made is known only after it"


def test_a_restore_into_an_empty_folder(written: AppContext, keys: Keyring, tmp_path: Path) -> None:
    back_up(written.store, tmp_path / "backup.db", NOW)
    target = tmp_path / "new" / "bot.db"
    restored = restore_file(tmp_path / "backup.db", target, RestoreSetting(keys, NOW, REPEATS), force=False)
    assert restored.contents.open_cases == 2
    assert [path.name for path in target.parent.iterdir()] == ["bot.db"]
    store = open_file(target)
    _is_as_before(store, keys)
    store.close()


def test_what_a_kill_left_beside_a_lost_file_is_not_played_over_the_restored_one(
    written: AppContext, keys: Keyring, tmp_path: Path
) -> None:
    target = tmp_path / "empty" / "bot.db"
    target.parent.mkdir()
    back_up(written.store, tmp_path / "backup.db", NOW)
    written.store.transaction(lambda connection: write_switch(connection, "later", "yes", "x", NOW))
    left = target.with_name("bot.db-wal")
    left.write_bytes(b"what the killed server had not yet written back" * 100)
    restore_file(tmp_path / "backup.db", target, RestoreSetting(keys, NOW, REPEATS), force=False)
    store = open_store(f"sqlite:///{target}")
    _is_as_before(store, keys)
    store.close()
    assert [each.name.startswith("bot.db.replaced-") for each in target.parent.glob("*-wal")].count(True) == 1


def _is_as_before(store: Store, keys: Keyring) -> None:
    assert _words(store, keys) == {"もう死にたい", "人と話したい"}
    with store.reading() as connection:
        found = list_cases(connection, open_only=True)
        alarms = [case.alarm_at for case in found]
        assert all(alarm and alarm <= NOW for alarm in alarms), "staff are told of everything that waits"
        assert broken_link(connection) == 0
        trace = last_audit_entry(connection, "restore")
        assert trace is not None
        assert trace.detail == NOW.isoformat()
    rows = _rows(store)
    assert rows["sessions"] == rows["staff_chats"] == []
    assert len(rows["staff"]) == 1


def test_the_clocks_say_nothing_that_they_may_have_said_already(
    written: AppContext, keys: Keyring, tmp_path: Path
) -> None:
    """An owner who forgot, and a question that was due: both between the backup and the restore."""
    staff, _ = make_staff(written, "owner", Role.COUNSELLOR)
    with written.store.reading() as connection:
        first, second = list_cases(connection, open_only=True)
    claim(written, staff, first.id)
    claim(written, staff, second.id)
    close(written, staff, second.id, Reason.DONE)
    asks = update(cases).where(cases.c.id == second.id).values(ask_at=NOW + timedelta(hours=1))
    written.store.transaction(lambda connection: connection.execute(asks))
    back_up(written.store, tmp_path / "backup.db", NOW)
    later = NOW + timedelta(hours=2)
    target = tmp_path / "new" / "bot.db"
    restore_file(tmp_path / "backup.db", target, RestoreSetting(keys, later, REPEATS), force=False)
    with closing(open_file(target)) as store:
        context = replace(written, store=store, clock=lambda: later)
        before = _rows(store)["outbound"]
        assert run_case_timers(context) == 1
        assert _rows(store)["outbound"] == before
        with store.reading() as connection:
            assert [case.id for case in list_cases(connection, open_only=True)] == [first.id], "and it waits again"


def test_from_either_database_into_the_other(
    written: AppContext, keys: Keyring, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    back_up(written.store, tmp_path / "backup.db", NOW)
    address = new_database(request.getfixturevalue("postgresql"))

    def restores(*, force: bool) -> None:
        with closing(open_store(address)) as target:
            migrate(target)
            restore_database(tmp_path / "backup.db", target, RestoreSetting(keys, NOW, REPEATS), force=force)

    restores(force=False)
    with closing(open_store(address)) as restored:
        _is_as_before(restored, keys)
        with pytest.raises(BackupError, match="stop them first"):
            restores(force=True)
    with pytest.raises(BackupError, match="--force deletes"):
        restores(force=False)
    restores(force=True)
    with closing(open_store(address)) as restored:
        _is_as_before(restored, keys)


def test_what_is_there_is_not_overwritten(written: AppContext, keys: Keyring, tmp_path: Path) -> None:
    file, target = tmp_path / "backup.db", tmp_path / "new" / "bot.db"
    back_up(written.store, file, NOW)
    with pytest.raises(BackupError, match="there already"):
        back_up(written.store, file, NOW)
    restore_file(file, target, RestoreSetting(keys, NOW, REPEATS), force=False)
    with pytest.raises(BackupError, match="--force"):
        restore_file(file, target, RestoreSetting(keys, NOW, REPEATS), force=False)
    serving = open_file(target)
    with serving.reading() as connection:
        list_cases(connection, open_only=True)
    with pytest.raises(BackupError, match="stop it first"):
        restore_file(file, target, RestoreSetting(keys, NOW, REPEATS), force=True)
    serving.close()
    before = target.read_bytes()
    restore_file(file, target, RestoreSetting(keys, NOW + timedelta(hours=1), REPEATS), force=True)
    (aside,) = target.parent.glob("bot.db.replaced-*")
    assert aside.read_bytes()[100:] == before[100:], "what was replaced is set aside, not deleted"
    assert {path.name for path in target.parent.iterdir()} == {"bot.db", aside.name}


def test_what_is_no_backup_is_refused_and_nothing_is_left_behind(
    written: AppContext, keys: Keyring, tmp_path: Path
) -> None:
    file, target = tmp_path / "backup.db", tmp_path / "new" / "bot.db"
    back_up(written.store, file, NOW)
    spoiled = {
        "no backup": b"just text",
        "damaged": file.read_bytes()[: file.stat().st_size // 2 // 4096 * 4096],
        "newer version": file.read_bytes(),
        "cannot be read": b"",
    }
    for reason, content in spoiled.items():
        bad = tmp_path / "bad.db"
        bad.unlink(missing_ok=True)
        if content:
            bad.write_bytes(content)
        if reason == "newer version":
            connection = SQLITE.connect(str(bad))
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
            connection.close()
        with pytest.raises(BackupError, match=reason):
            restore_file(bad, target, RestoreSetting(keys, NOW, REPEATS), force=False)
    with pytest.raises(BackupError, match="CONTENT_KEYS lacks"):
        restore_file(file, target, RestoreSetting(Keyring([b"n" * 32]), NOW, REPEATS), force=False)
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_an_older_schema_is_brought_up_to_date(keys: Keyring, tmp_path: Path) -> None:
    old = open_file(tmp_path / "old.db")
    with old.writer.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(
            "INSERT INTO residents (id, channel, sender, created_at, seen_at) VALUES "
            "('r', 'web', 's', '2026-11-24 03:00:00', '2026-11-24 03:00:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO cases (id, number, resident_id, kind, urgency, status, source, opened_at, changed_at) VALUES "
            "('c', '123456', 'r', 'suicide', 'emergency', 'waiting', '', '2026-11-24 03:00:00', '2026-11-24 03:00:00')"
        )
    old.close()
    restore_file(tmp_path / "old.db", tmp_path / "bot.db", RestoreSetting(keys, NOW, REPEATS), force=False)
    store = open_file(tmp_path / "bot.db")
    with store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    store.close()
    assert (case.number, case.is_watched) == ("123456", True)


def _pending(
    *,
    ticket: float | None = None,
    pushed: float | None = None,
    written: float = 0,
    leaves: bool = False,
    channel: str = "line",
) -> Pending:
    """A message that waited; when things happened to it in minutes."""

    def at(minutes: float) -> datetime:
        return NOW + timedelta(minutes=minutes)

    had_ticket, was_pushed = None if ticket is None else at(ticket), None if pushed is None else at(pushed)
    return Pending("x", at(written), had_ticket, was_pushed, leaves, channel)


def test_what_may_go_out_again() -> None:
    """The backup was made at minute 10, the restore is at minute 60."""
    backed_up, now = NOW + timedelta(minutes=10), NOW + timedelta(minutes=60)
    day = -24 * 60
    table = {
        "a push that has waited": (_pending(), True),
        "a push that was tried": (_pending(pushed=5), True),
        "a push whose key is too old": (_pending(pushed=day, written=day), False),
        "a push that was never tried and is too old": (_pending(written=day), False),
        "an answer whose ticket was good": (_pending(ticket=9.9), False),
        "an answer whose ticket was dead already": (_pending(ticket=5), True),
        "a message over a platform without retry keys": (_pending(channel="telegram"), False),
        "leaving a group": (_pending(leaves=True, written=day), True),
    }
    for name, (pending, expected) in table.items():
        assert may_resend(pending, backed_up, now, REPEATS) is expected, name
    assert not may_resend(_pending(ticket=-60 * 12), None, now, REPEATS), "nobody knows when the backup was made"


# --- with LINE at the other end ------------------------------------------------------------------------------


@pytest.fixture
def line() -> Iterator[LineServer]:
    with LineServer() as server:
        yield server
    assert server.broken_rules == []


@pytest.fixture
def on_sqlite(sqlite_store: Store, keys: Keyring, understander: Understander) -> AppContext:
    return context_of(sqlite_store, keys, understander)


def _restored(bot: LineBot, tmp_path: Path, keys: Keyring) -> tuple[AppContext, Restored]:
    """Another context on the database as it was at the backup."""
    target = tmp_path / "restored" / "bot.db"
    outcome = restore_file(tmp_path / "backup.db", target, RestoreSetting(keys, bot.clock(), REPEATS), force=False)
    return replace(bot.context, store=open_file(target)), outcome


def test_what_went_out_after_the_backup_is_not_said_again(
    on_sqlite: AppContext, line: LineServer, keys: Keyring, tmp_path: Path
) -> None:
    clock = ShiftedClock()
    line.fail_often(1, [Fault.RATE])
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
        bot.gets(text_event("雪かきができない", SATO))  # without a ticket: it is pushed
        bot.hears("もう死にたい", "ito")
        wait_until(lambda: bot.deliveries() == {"queued": 2} and bool(line.calls))
        back_up(bot.context.store, tmp_path / "backup.db", clock())
        line.fail_often(0, [])
        line.wait_for(2)
        wait_until(lambda: bot.deliveries() == {"accepted": 2})
    context, outcome = _restored(bot, tmp_path, keys)
    assert (outcome.again, outcome.unknown) == (1, 1)
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        wait_until(lambda: bot.deliveries() == {"accepted": 1, "unknown": 1})
        line.wait_until_quiet()
        assert [status for way, _, status in line.calls if way == "push"][-1] == 409, "it was tried under its key"
        assert [listed.words for listed in bot.cases()] == [("もう死にたい",)]
    context.store.close()
    assert len(line.taken) == 2


def _have_outcomes(bot: LineBot) -> bool:
    """Whether each message was tried and what came of it is stored: else the backup holds it in doubt."""
    with bot.context.store.reading() as connection:
        rows = connection.execute(select(outbound.c.attempts, outbound.c.leased_until)).all()
    return all(row.attempts and row.leased_until is None for row in rows)


def test_what_had_not_gone_out_goes_out_once(
    on_sqlite: AppContext, line: LineServer, keys: Keyring, tmp_path: Path
) -> None:
    clock = ShiftedClock()
    line.fail_often(1, [Fault.RATE])
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
        bot.gets(text_event("雪かきができない", SATO))
        bot.hears("もう死にたい", "ito")
        wait_until(lambda: bot.deliveries() == {"queued": 2} and _have_outcomes(bot))
        clock.ahead += timedelta(seconds=61)  # the ticket is dead: what is pushed is taken once
        line.later(61)
        back_up(bot.context.store, tmp_path / "backup.db", clock())
    line.fail_often(0, [])
    context, outcome = _restored(bot, tmp_path, keys)
    assert (outcome.again, outcome.unknown) == (2, 0)
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        wait_until(lambda: bot.deliveries() == {"accepted": 2}, 30)
        line.wait_until_quiet()
    context.store.close()
    assert sorted(each.to for each in line.taken) == sorted((SATO, user("ito")))


def test_an_sos_that_nobody_had_looked_at_becomes_a_case_and_is_not_answered_twice(
    on_sqlite: AppContext, line: LineServer, keys: Keyring, tmp_path: Path
) -> None:
    clock = ShiftedClock()
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock, works=False) as bot:
        bot.hears("もう死にたい")
        back_up(bot.context.store, tmp_path / "backup.db", clock())
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
        line.wait_for(1)
        wait_until(lambda: bot.deliveries() == {"accepted": 1})
    context, outcome = _restored(bot, tmp_path, keys)
    assert outcome.events == 1
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        wait_until(lambda: bot.deliveries() == {"unknown": 1})
        line.wait_until_quiet()
        (listed,) = bot.cases()
        assert (listed.words, listed.case.urgency) == (("もう死にたい",), Route.EMERGENCY)
        assert bot.hears("雪かきができない")
        line.wait_for(2)
    context.store.close()
    assert len(line.taken) == 2


def test_the_card_that_was_refused_is_the_same_text_after_a_restore(
    on_sqlite: AppContext, line: LineServer, keys: Keyring, tmp_path: Path
) -> None:
    clock = ShiftedClock()
    line.refuse_cards = True
    line.fail_often(1, [Fault.RATE])
    with running_line_bot(line_context(on_sqlite, line, clock), line, clock) as bot:
        bot.gets(text_event("雪かきができない", SATO))
        wait_until(lambda: bot.deliveries() == {"queued": 1})
        back_up(bot.context.store, tmp_path / "backup.db", clock())
        line.fail_often(0, [])
        line.wait_for(1)
        wait_until(lambda: bot.deliveries() == {"accepted": 1})
    context, _ = _restored(bot, tmp_path, keys)
    with running_line_bot(line_context(context, line, clock), line, clock) as bot:
        wait_until(lambda: bot.deliveries() == {"accepted": 1})
        line.wait_until_quiet()
    context.store.close()
    assert len(line.taken) == 1


def test_the_desk_has_words_for_every_state_and_trace() -> None:
    words = (ROOT / "bot" / "web" / "templates" / "desk" / "words.html").read_text("utf-8")
    traces = words.split("set TRACE = ")[1].split("}")[0]
    for action in ("backup", "restore", "purge", "purge-wish", "report-view"):
        assert f'"{action}"' in traces
    said = words.split("set STATE = ")[1].split("}")[0]
    assert {state for state in OutboundState if f'"{state}"' not in said} == set()
