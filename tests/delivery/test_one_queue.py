"""Answers and notices in one queue: what stood in two tables goes on, and one recipient is told one thing at a time."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from alembic import command
from sqlalchemy import text

from bot.domain.delivery.delivery_rules import Outcome, SendResult
from bot.domain.delivery.staff_notice import StaffNotice
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.delivery.deliver import next_attempts, write_outcome
from bot.handlers.delivery.render_notices import render
from bot.storage.cases.case_rows import list_cases
from bot.storage.delivery.outbox_reads import (
    count_deliveries,
    count_failed_notices,
    find_notice,
    oldest_queued,
    read_notices,
    read_pending,
    suppress_waiting_notices,
)
from bot.storage.delivery.outbox_rows import add_notices
from bot.storage.engine import Store, open_store
from bot.storage.migrate import alembic_config, is_current, migrate
from bot.storage.sealing import Keyring, SealedField
from bot.storage.staff.staff_chat_rows import NewOffer, list_chats, offer_chat, write_offer
from tests.conftest import Resident, new_database
from tests.support.contexts import context_of
from tests.support.line.line_bot import ShiftedClock, unreachable_line, wait_until
from tests.support.mail_server import MailServer, words_of
from tests.support.manual_clock import TUESDAY_NOON
from tests.support.telegram.telegram_bot import running_telegram, telegram_context
from tests.support.telegram.telegram_server import TOKEN, TelegramServer

MakeResident = Callable[..., Resident]
LAST_WITH_TWO_TABLES = "0007"
PLACE = -100


@pytest.fixture(params=["sqlite", "postgresql"])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database as it was while notices had a table of their own."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/old.db" if is_file else new_database(request.getfixturevalue("postgresql"))
    with closing(open_store(url)) as store:
        with store.writer.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, LAST_WITH_TWO_TABLES)
        yield store


def _fill(store: Store, keys: Keyring) -> None:
    """A case that waits, a chat of the desk, an answer on its way, and notices in every state."""
    at = TUESDAY_NOON
    values = {
        "at": at if store.writer.dialect.name == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}",
        "address": keys.seal(SealedField("staff_chats", "chat", "address"), str(PLACE)),
        "ticket": keys.seal(SealedField("notices", "ticketed", "ticket"), "press"),
        "words": keys.seal(SealedField("inbound", "message", "words"), "もう死にたい"),
        "reply": keys.seal(SealedField("outbound", "answer", "reply"), _ANSWER),
    }
    with store.writer.begin() as connection:
        for statement in _OLD_ROWS.split(";"):
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)


_ANSWER = '{"route": "desk", "lead": [], "calls": [], "body": ["a"], "choices": [], "small": [], "entries": []}'
_OLD_ROWS = """
INSERT INTO residents (id, channel, sender, created_at, seen_at) VALUES ('r', 'web', 's', :at, :at);
INSERT INTO cases (id, number, resident_id, kind, urgency, status, source, opened_at, changed_at, alarm_at)
VALUES ('c', '123456', 'r', 'suicide', 'emergency', 'waiting', '', :at, :at, :at);
INSERT INTO inbound (id, resident_id, case_id, channel, event, source, received_at, words)
VALUES ('message', 'r', 'c', 'web', 'e', '', :at, :words);
INSERT INTO outbound (id, resident_id, inbound_id, position, state, created_at, reply, due_at, channel, ticket_at)
VALUES ('answer', 'r', 'message', 0, 'queued', :at, :reply, :at, 'telegram', :at);
INSERT INTO staff_chats (id, channel, lane, address, code, code_until, state, created_at)
VALUES ('chat', 'telegram', 'l', :address, 'h', :at, 'bound', :at);
INSERT INTO notices
(id, case_id, recipient, why, state, attempts, created_at, due_at, retry_key, message, shown, ticket)
VALUES
('tried', 'c', 'mail:a@city.example', 'open', 'queued', 3, :at, :at, '00000000000000000000000000000001', '', '', NULL),
('fresh', 'c', 'chat:chat', 'open', 'queued', 0, :at, :at, '00000000000000000000000000000002', '', '', NULL),
('ticketed', 'c', 'chat:chat', 'by-link', 'queued', 0, :at, :at, '00000000000000000000000000000003', '', '', :ticket),
('sent', 'c', 'chat:chat', 'add', 'accepted', 1, :at, :at, '00000000000000000000000000000004', '1', 'claimed:i', NULL),
('failed', 'c', 'chat:gone', 'open', 'failed', 9, :at, :at, '00000000000000000000000000000005', '', '', NULL),
('orphan', 'c', 'chat:gone', 'open', 'queued', 0, :at, :at, '00000000000000000000000000000006', '', '', NULL)
"""
"""Statements between semicolons, as the version before would have written these rows."""


def test_notices_of_the_old_table_go_on_where_they_stood(
    old_store: Store, keys: Keyring, understander: Understander
) -> None:
    _fill(old_store, keys)
    migrate(old_store)
    assert is_current(old_store)

    def states() -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        with old_store.reading() as connection:
            for recipient, why, _, state in read_notices(connection, "c"):
                found.setdefault((recipient, why), []).append(state)
        return {name: sorted(each) for name, each in found.items()}

    before = {("mail:a@city.example", "open"): ["queued"], ("chat:chat", "by-link"): ["queued"]}
    before |= {("chat:chat", "open"): ["queued"], ("chat:chat", "add"): ["accepted"]}
    assert states() == before | {("chat:gone", "open"): ["failed", "queued"]}
    clock, context = ShiftedClock(), context_of(old_store, keys, understander)
    with MailServer() as mail, TelegramServer() as telegram:
        old = {"chat_id": PLACE, "text": "123-456 職員itoさんが担当しています"}
        assert httpx.post(f"{telegram.url}/bot{TOKEN}/sendMessage", json=old).json()["result"]["message_id"] == 1
        with running_telegram(replace(telegram_context(context, telegram, clock), mail=mail.post), telegram, clock):
            wait_until(
                lambda: states() == {name: ["accepted"] for name in before} | {("chat:gone", "open"): ["failed"] * 2}
            )
            wait_until(lambda: "担当を待っています" in telegram.taken[0].text)
        (letter,) = mail.letters
        pushed = [each.text for each in telegram.to(PLACE)[1:]]
        assert telegram.toasts == {}, "the ticket was left behind, and what waited with it is pushed"
    assert letter["message-id"].startswith("<tried@"), "the letter that was tried before is the same letter"
    assert "123-456" in words_of(letter)
    assert len(pushed) == 2
    with old_store.reading() as connection:
        assert find_notice(connection, "chat:chat", "1") == "c"
        assert count_deliveries(connection) == {"failed": 1, "in-doubt": 0}, "who wrote on the page has no address"
        assert count_failed_notices(connection, clock() - timedelta(hours=1)) == 2


@pytest.fixture
def context(context: AppContext) -> AppContext:
    return replace(context, clock=lambda: TUESDAY_NOON, channels=unreachable_line())


def test_letters_and_notices_to_one_recipient_go_one_after_the_other(context: AppContext) -> None:
    keys, first = context.keys, StaffNotice("mail:a@city.example", "open")
    second, other = replace(first, why="alarm"), StaffNotice("mail:b@city.example", "open")
    context.store.transaction(lambda connection: add_notices(connection, keys, [first], TUESDAY_NOON))
    (sending,) = next_attempts(context, "mail", 5)
    context.store.transaction(lambda connection: add_notices(connection, keys, [second, other], TUESDAY_NOON))
    busy = frozenset({sending.recipient})
    assert [each.recipient for each in next_attempts(context, "mail", 5, busy)] == [other.recipient]
    context.store.transaction(lambda connection: add_notices(connection, keys, [second], TUESDAY_NOON, "press"))
    assert [each.delivery.ticket for each in next_attempts(context, "mail", 5, busy)] == ["press"], "who pressed"
    assert [each.delivery.notice for each in next_attempts(context, "mail", 5)] == [second]


def test_what_nobody_needs_is_neither_sent_nor_an_outcome(context: AppContext) -> None:
    keys, wanted = context.keys, [StaffNotice("mail:a@city.example", "open")]
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    (leased,) = next_attempts(context, "mail", 5)
    rendered = render(context, leased)
    assert (rendered.letter, rendered.reply) == (None, None)
    write_outcome(context, "mail", rendered, SendResult(Outcome.LATER))
    context = replace(context, clock=lambda: TUESDAY_NOON + timedelta(hours=1))
    assert next_attempts(context, "mail", 5) == []


def test_after_a_restore_notices_that_wait_are_spared_and_are_no_answers_in_doubt(context: AppContext) -> None:
    keys, wanted = context.keys, [StaffNotice("mail:a@city.example", "open")]
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    with context.store.reading() as connection:
        assert read_pending(connection) == []
        assert oldest_queued(connection) is None
    assert context.store.transaction(suppress_waiting_notices) == 1
    assert next_attempts(context, "mail", 5) == []


def test_many_notices_of_one_chat_go_in_messages_of_eight(context: AppContext, make_resident: MakeResident) -> None:
    make_resident("sato").says("もう死にたい")
    with context.store.reading() as connection:
        (case,) = list_cases(connection, open_only=True)
    code = NewOffer("line", "", "hash", TUESDAY_NOON)
    context.store.transaction(lambda connection: offer_chat(connection, code, TUESDAY_NOON))
    with context.store.reading() as connection:
        (chat,) = list_chats(connection)
    keys, wanted = context.keys, [StaffNotice(f"chat:{chat.id}", "open", case.id)] * 9
    context.store.transaction(lambda connection: write_offer(connection, keys, chat, "lane", "C-staff"))
    context.store.transaction(lambda connection: add_notices(connection, keys, wanted, TUESDAY_NOON))
    first, rest = next_attempts(context, "line", 24)
    assert [len(each.deliveries) for each in (first, rest)] == [8, 1]
    assert rest.retry_key == rest.delivery.retry_key, "alone it keeps its own key"
    assert first.retry_key not in {each.retry_key for each in first.deliveries}, "together they are another message"
    assert render(context, first).reply != render(context, rest).reply
    write_outcome(context, "line", first, SendResult(Outcome.REFUSED))
    (as_text,) = [each for each in next_attempts(context, "line", 24) if each.delivery.as_text]
    assert as_text.retry_key != first.retry_key, "as plain text it is another message"
