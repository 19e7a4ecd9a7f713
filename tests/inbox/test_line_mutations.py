"""Bodies changed on the way: after signing nothing is kept; before signing everything is, and every cry heard."""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import text

from bot.channels.line.line_webhook import read_body
from bot.domain.messages import EventKind
from bot.domain.understanding.understander import Understander
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from tests.support.contexts import context_of
from tests.support.line.line_bot import LineBot, ShiftedClock, line_context, running_line_bot, wait_until
from tests.support.line.line_residents import body_of, event, message_event, signature, text_event, user
from tests.support.line.line_server import LineServer
from tests.support.webhook_client import WebhookClient

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CRY = "死にたい"
_residents = count()


def body(chance: random.Random) -> bytes:
    """A cry, often between two events of other people; each time other people."""
    others = [
        text_event("雪かきができない", user(f"m{next(_residents)}"), "token-2"),
        message_event("sticker", user(f"m{next(_residents)}"), "token-3", keywords=["ねこ"]),
        event("follow", user(f"m{next(_residents)}"), "token-4"),
    ]
    shapes = chance.sample(others, chance.randrange(3))
    shapes.insert(chance.randrange(len(shapes) + 1), text_event(CRY, user(f"m{next(_residents)}"), "token-1"))
    return body_of(*shapes)


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """The body with one to three bytes changed, put in, taken out, or a piece doubled or cut away."""
    changed = bytearray(whole)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed.insert(at, chance.choice(b'{}[]",:\\ \x00\xff0aU'))
            case 2:
                del changed[at]
            case 3:
                del changed[at : at + chance.randint(2, 40)]
            case _:
                changed[at:at] = changed[at : at + chance.randint(2, 40)]
    return bytes(changed)


def has_cry(whole: bytes) -> bool:
    """Whether the cry still stands in the body as a JSON string, between two quotes."""
    return f'"{CRY}"'.encode() in whole


def heard(whole: bytes, understander: Understander) -> bool:
    """Whether triage would hear the cry in what is read of the body."""
    triage = understander.catalog.triage
    return any(
        CRY in words and triage.read(words)
        for each in read_body(whole, NOW)
        for words in ((each.text,) if each.kind is EventKind.TEXT else ()) + each.strays
    )


def test_a_cry_that_is_still_a_string_is_heard(understander: Understander) -> None:
    chance = random.Random(1)  # noqa: S311 -- repeatable, no secret
    bodies = [mutated(body(chance), chance) for _ in range(500)]
    with_cry = [each for each in bodies if has_cry(each)]
    assert len(with_cry) > 300, "hardly any body kept its cry: nothing was tested"
    assert [each for each in with_cry if not heard(each, understander)] == []


@contextmanager
def bot_on(store: Store, understander: Understander, *, works: bool) -> Iterator[LineBot]:
    """A bot on that database."""
    clock = ShiftedClock()
    context = context_of(store, Keyring([bytes(range(32))]), understander)
    with LineServer() as line, running_line_bot(line_context(context, line, clock), line, clock, works=works) as bot:
        yield bot


def changed_after_signing(bot: LineBot, how_many: int) -> str:
    """Bodies or headers that were changed after signing."""
    chance = random.Random(2)  # noqa: S311 -- repeatable, no secret

    def spoilt() -> tuple[bytes, str]:
        whole = body(chance)
        sign = signature(whole)
        if chance.random() < 0.5:
            other = mutated(whole, chance)
            return (other, sign) if other != whole else (whole + b" ", sign)
        at = chance.randrange(len(sign))
        letter = chance.choice("".join(set("ABCxyz019+/=é ") - {sign[at]}))
        return whole, (sign[:at] + letter + sign[at + 1 :]) if letter != " " or 0 < at < 43 else sign[:-1]

    spoilt_bodies = [spoilt() for _ in range(how_many)]
    with WebhookClient(bot.port) as post, ThreadPoolExecutor(8) as threads:
        statuses = Counter(threads.map(lambda each: post(*each), spoilt_bodies))
    assert statuses == {400: how_many}
    with bot.context.store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 0
    return f"{how_many} changed after signing: all 400, nothing kept"


def signed_after_changing(bot: LineBot, how_many: int) -> str:
    """Bodies that were changed and then signed: everything is kept, every cry is heard."""
    chance = random.Random(3)  # noqa: S311 -- repeatable, no secret
    bodies = [mutated(body(chance), chance) for _ in range(how_many)]
    with WebhookClient(bot.port) as post, ThreadPoolExecutor(8) as threads:
        statuses = Counter(threads.map(post, bodies))
    assert statuses == {200: how_many}
    with bot.context.store.reading() as connection:
        kept = set(connection.execute(text("SELECT key FROM inbox")).scalars())
    wanted = [{each.key for each in read_body(whole, NOW)} for whole in bodies]
    assert all(wanted), "of a body nothing was kept"
    assert set().union(*wanted) <= kept
    with_cry = [each for each in bodies if has_cry(each)]
    lost = [each for each in with_cry if not heard(each, bot.context.content.understander)]
    assert lost == []
    return f"{how_many} changed and then signed: all 200, all kept; {len(with_cry)} cries still strings, none lost"


def test_what_was_changed_after_signing_is_not_kept(sqlite_store: Store, understander: Understander) -> None:
    with bot_on(sqlite_store, understander, works=False) as bot:
        changed_after_signing(bot, 500)


def test_what_was_signed_after_changing_is_kept(sqlite_store: Store, understander: Understander) -> None:
    with bot_on(sqlite_store, understander, works=False) as bot:
        signed_after_changing(bot, 200)


def test_every_cry_in_a_broken_body_becomes_a_case(sqlite_store: Store, understander: Understander) -> None:
    chance = random.Random(4)  # noqa: S311 -- repeatable, no secret
    bodies = [mutated(body(chance), chance) for _ in range(30)]
    with_cry = [each for each in bodies if has_cry(each)]
    with bot_on(sqlite_store, understander, works=True) as bot:
        with WebhookClient(bot.port) as post:
            assert {post(each) for each in with_cry} == {200}
        wait_until(lambda: len(bot.all_cases()) >= len(with_cry) and not bot.waiting(), 60)
        assert len(bot.all_cases()) == len(with_cry)
        assert bot.aside() == 0


@pytest.mark.full
@pytest.mark.timeout(3000)
def test_100000_of_each(sqlite_store: Store, understander: Understander) -> None:
    with bot_on(sqlite_store, understander, works=False) as bot:
        sys.stdout.write(changed_after_signing(bot, 100_000) + "\n")
        sys.stdout.write(signed_after_changing(bot, 100_000) + "\n")
