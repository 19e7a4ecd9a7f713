"""Where residents' words stand: every place is listed, sealed, counted by key, and sealed anew when keys change."""

import threading
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import String, select

from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import StaffAnswer, answer, claim, note
from bot.handlers.operations.rotate_keys import RotatedCount, rotate_keys
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.message_rows import read_case_talk, read_case_words
from bot.storage.engine import Store
from bot.storage.operations.sealed_rows import count_by_key, sealed_columns
from bot.storage.schema.every_table import columns_of
from bot.storage.sealing import Keyring
from tests.conftest import Resident
from tests.support.staff.desk_staff import make_staff

PLACES = {
    ("residents", "address"),
    ("residents", "conversation"),
    ("inbound", "words"),
    ("outbound", "reply"),
    ("outbound", "ticket"),
    ("inbox", "raw"),
    ("case_events", "note"),
    ("staff", "totp"),
    ("staff_chats", "address"),
    ("proposed_checks", "words"),
    ("unclear", "words"),
}
"""Every place that holds what must not be read without a key. A new one is added here, and to what `purge` erases."""
CANARY = "わたしのカナリア bird-4711"
MakeResident = Callable[..., Resident]


def test_every_place_that_holds_words_is_listed() -> None:
    assert {(table.name, name) for table, name in sealed_columns()} == PLACES


def _written(context: AppContext, make_resident: MakeResident) -> AppContext:
    """A resident in a case, an answer of staff, a note: everything with the canary in it."""
    sato = make_resident()
    sato.says(f"もう死にたい {CANARY}")
    sato.says(f"雪かきができない {CANARY}")
    context = replace(context, clock=lambda: sato.now)
    staff, _ = make_staff(context, "ito", Role.ADMIN)
    with context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    claim(context, staff, case.id)
    answer(context, staff, case.id, StaffAnswer(f"読みました {CANARY}"))
    note(context, staff, case.id, f"メモ {CANARY}")
    return context


def test_no_plain_column_receives_words(context: AppContext, make_resident: MakeResident) -> None:
    _written(context, make_resident)
    plain = [(table, name) for table, name in columns_of(String)]
    assert len(plain) > 60
    with context.store.reading() as connection:
        for table, name in plain:
            values = connection.execute(select(table.c[name])).scalars()
            assert not [each for each in values if each and ("カナリア" in each or "bird-" in each)], (table.name, name)


def test_keys_rotate_while_residents_write(store: Store, context: AppContext, make_resident: MakeResident) -> None:
    old, new = bytes(range(32)), b"n" * 32
    _written(context, make_resident)
    both = Keyring([new, old])
    abe = make_resident("abe")
    for number in range(45):  # more than two batches
        abe.sends(f"雪かきができない {number}")
    ito = make_resident("ito")
    ito.context = replace(context, keys=both)  # the server was started with both keys before
    with store.reading() as connection:
        before = count_by_key(connection)
        assert set(before) == {Keyring([old]).newest}
    ended = threading.Event()

    def writes() -> None:
        number = 0
        while not ended.is_set() and number < 50:
            number += 1
            ito.sends(f"雪かきができない {number}")

    writer = threading.Thread(target=writes)
    writer.start()
    assert rotate_keys(store, both).done >= before.total()
    ended.set()
    writer.join()
    rotate_keys(store, both)
    assert rotate_keys(store, both) == RotatedCount(0, 0)
    with store.reading() as connection:
        assert set(count_by_key(connection)) == {both.newest}
        (case,) = list_cases(connection, open_only=True)
        only_new = Keyring([new])
        assert CANARY in "".join(read_case_words(connection, only_new, case.id))
        assert any(said.author for said in read_case_talk(connection, only_new, case.id))


def test_what_no_key_opens_is_counted_and_left_as_it_is(
    store: Store, context: AppContext, make_resident: MakeResident
) -> None:
    _written(context, make_resident)
    stranger = Keyring([b"n" * 32])
    with store.reading() as connection:
        before = count_by_key(connection)
    assert rotate_keys(store, stranger) == RotatedCount(0, before.total())
    with store.reading() as connection:
        assert count_by_key(connection) == before
