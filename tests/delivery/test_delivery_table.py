"""What follows from each answer of a platform: the whole table, without a network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.domain.delivery.delivery_rules import (
    OPEN_STATES,
    RETRY_KEY_LIFETIME,
    Delivery,
    OutboundState,
    Outcome,
    SendMethod,
    SendResult,
    after_attempt,
    as_written,
    before_attempt,
    given_up,
    next_way,
)
from bot.domain.delivery.staff_notice import ChatReplyKind, StaffNotice
from bot.domain.messages import Reply, Route
from bot.handlers.delivery.deliver import Attempt

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
FRESH = Delivery(
    id="1",
    resident="r",
    reply=Reply(Route.ANSWER, lead=("a",)),
    address="U1",
    ticket="token",
    ticket_at=NOW,
    retry_key="key",
    written_at=NOW,
    due_at=NOW,
)


def attempt(delivery: Delivery, outcome: Outcome, seconds: float = 1) -> Delivery:
    """One attempt that ends so, that many seconds after the message was written."""
    now = NOW + timedelta(seconds=seconds)
    way = next_way(delivery, now)
    assert way is not None
    return after_attempt(before_attempt(delivery, way, now), way, SendResult(outcome), now, "new key")


def test_a_young_ticket_pays_and_an_old_one_does_not() -> None:
    assert next_way(FRESH, NOW + timedelta(seconds=49)) is SendMethod.REPLY
    assert next_way(FRESH, NOW + timedelta(seconds=50)) is SendMethod.PUSH
    assert next_way(replace(FRESH, ticket=""), NOW) is SendMethod.PUSH


def test_after_no_answer_the_same_ticket_tells_whether_it_was_taken() -> None:
    doubtful = attempt(FRESH, Outcome.UNCERTAIN)
    assert (doubtful.state, doubtful.in_doubt) == (OutboundState.QUEUED, True)
    assert next_way(doubtful, doubtful.due_at) is SendMethod.REPLY
    assert attempt(doubtful, Outcome.DEAD_TICKET, 3).state is OutboundState.ACCEPTED
    assert attempt(doubtful, Outcome.ACCEPTED, 3).state is OutboundState.ACCEPTED


def test_a_ticket_that_is_dead_at_the_first_try_is_pushed() -> None:
    dead = attempt(FRESH, Outcome.DEAD_TICKET)
    assert (dead.state, dead.ticket) == (OutboundState.QUEUED, "")
    assert next_way(dead, NOW + timedelta(seconds=2)) is SendMethod.PUSH
    pushed = attempt(dead, Outcome.ACCEPTED, 2)
    assert (pushed.state, pushed.pushed_in_doubt) == (OutboundState.ACCEPTED, False)


def test_a_ticket_that_dies_in_doubt_is_doubtful_and_pushed_and_counted() -> None:
    doubtful = attempt(FRESH, Outcome.UNCERTAIN)
    later = NOW + timedelta(seconds=51)
    pushing = before_attempt(doubtful, SendMethod.PUSH, later)
    assert (pushing.state, pushing.pushed_in_doubt) == (OutboundState.DOUBTFUL, True)
    assert after_attempt(pushing, SendMethod.PUSH, SendResult(Outcome.ACCEPTED), later, "").pushed_in_doubt


def test_a_power_cut_in_the_middle_is_doubt() -> None:
    trying = before_attempt(FRESH, SendMethod.REPLY, NOW)
    assert as_written(trying, SendMethod.REPLY).in_doubt
    assert not trying.in_doubt
    assert not as_written(before_attempt(FRESH, SendMethod.PUSH, NOW), SendMethod.PUSH).in_doubt, "a push has its key"


def test_a_push_keeps_its_key_and_its_first_time() -> None:
    late = replace(FRESH, ticket="")
    first = attempt(late, Outcome.UNCERTAIN, 1)
    second = attempt(first, Outcome.UNCERTAIN, 5)
    assert (second.retry_key, second.pushed_at) == ("key", NOW + timedelta(seconds=1))
    assert second.due_at > first.due_at
    day_later = NOW + timedelta(hours=23, seconds=2)
    assert next_way(second, day_later) is None, "LINE forgets the key after 24 hours and would take it as a new message"
    assert given_up(second).state is OutboundState.FAILED


def test_the_key_of_a_push_ages_from_the_first_push() -> None:
    held = replace(FRESH, ticket="", pushed_at=NOW + timedelta(hours=22))
    assert next_way(held, NOW + timedelta(hours=24)) is SendMethod.PUSH
    assert next_way(held, NOW + timedelta(hours=45)) is None


def test_a_group_is_left_within_a_day_or_not_at_all() -> None:
    leaving = replace(FRESH, leaves=True)
    assert next_way(leaving, NOW + RETRY_KEY_LIFETIME - timedelta(seconds=1)) is SendMethod.LEAVE
    assert next_way(leaving, NOW + RETRY_KEY_LIFETIME) is None


def test_a_refused_card_is_tried_as_text_under_a_new_key_and_once() -> None:
    as_text = attempt(replace(FRESH, ticket=""), Outcome.REFUSED)
    assert (as_text.as_text, as_text.retry_key, as_text.state) == (True, "new key", OutboundState.QUEUED)
    assert attempt(as_text, Outcome.REFUSED, 2).state is OutboundState.FAILED


def test_who_blocked_the_bot_is_blocked_and_not_accepted() -> None:
    gone = replace(FRESH, ticket="", reachable=False)
    assert next_way(gone, NOW) is None
    assert given_up(gone).state is OutboundState.BLOCKED


def test_nobody_to_write_to_fails() -> None:
    nobody = replace(FRESH, address="", ticket="")
    assert next_way(nobody, NOW) is None
    assert given_up(nobody).state is OutboundState.FAILED
    in_doubt = given_up(replace(nobody, in_doubt=True))
    assert in_doubt.state is OutboundState.UNKNOWN
    assert in_doubt.state not in OPEN_STATES, "nothing can be done any more: it must not be looked at again for ever"


WITHOUT_KEYS = replace(FRESH, ticket="", knows_repeats=False)
OF_A_CASE = replace(WITHOUT_KEYS, urgent=True)
BY_STAFF = replace(OF_A_CASE, reply=Reply(Route.DESK, body=("a",), by_staff=True))


@pytest.mark.parametrize("each", [WITHOUT_KEYS, BY_STAFF], ids=["an answer", "written by staff"])
def test_without_keys_a_push_in_doubt_ends_as_unknown(each: Delivery) -> None:
    after = attempt(each, Outcome.UNCERTAIN)
    assert (after.state, after.fault) == (OutboundState.UNKNOWN, "no-answer")
    cut_off = as_written(before_attempt(each, SendMethod.PUSH, NOW), SendMethod.PUSH)
    assert next_way(cut_off, NOW) is None, "the power went in the middle: it may have been said"
    assert given_up(cut_off).state is OutboundState.UNKNOWN


def test_without_keys_what_is_of_a_case_is_said_again() -> None:
    after = attempt(OF_A_CASE, Outcome.UNCERTAIN)
    assert after.state in OPEN_STATES
    again = before_attempt(after, SendMethod.PUSH, after.due_at)
    assert (again.state, again.pushed_in_doubt) == (OutboundState.DOUBTFUL, True)
    cut_off = as_written(before_attempt(OF_A_CASE, SendMethod.PUSH, NOW), SendMethod.PUSH)
    assert next_way(cut_off, NOW) is SendMethod.PUSH


def test_what_certainly_was_not_taken_is_tried_again_without_keys_too() -> None:
    assert next_way(attempt(WITHOUT_KEYS, Outcome.LATER), NOW + timedelta(minutes=1)) is SendMethod.PUSH
    assert not attempt(WITHOUT_KEYS, Outcome.LATER).in_doubt


def test_the_wait_that_a_platform_asks_for_is_kept() -> None:
    asked = after_attempt(FRESH, SendMethod.PUSH, SendResult(Outcome.LATER, wait=timedelta(seconds=37)), NOW, "")
    assert asked.due_at == NOW + timedelta(seconds=37)


def test_waits_grow_and_end() -> None:
    each, waits, seconds = replace(FRESH, ticket=""), [], 1.0
    for _ in range(14):
        each = attempt(each, Outcome.LATER, seconds)
        waits.append(each.due_at - (NOW + timedelta(seconds=seconds)))
        seconds += 60
    assert waits[:3] == [timedelta(seconds=n) for n in (1, 2, 4)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=5)


@pytest.mark.parametrize(("way", "outcome"), list(product([SendMethod.REPLY, SendMethod.PUSH], Outcome)))
def test_every_answer_leads_somewhere(way: SendMethod, outcome: Outcome) -> None:
    """Whatever is answered, a message ends, or it is tried again: it is never forgotten."""
    each = FRESH if way is SendMethod.REPLY else replace(FRESH, ticket="")
    after = attempt(each, outcome)
    open_again = after.state in OPEN_STATES
    if not open_again:
        assert after.state in {OutboundState.ACCEPTED, OutboundState.FAILED, OutboundState.BLOCKED}, "LINE tells"
    if open_again:
        assert next_way(after, after.due_at) is not None
    if outcome in {Outcome.UNCERTAIN, Outcome.LATER, Outcome.LOCKED}:
        assert open_again


# --- notices to staff: the same table ------------------------------------------------------------------------------

NOTICE = replace(
    WITHOUT_KEYS, resident="", reply=None, urgent=True, notice=StaffNotice("chat:1", "open", "c"), says="waiting:"
)
SENT = replace(NOTICE, state=OutboundState.ACCEPTED, message="17", shown="claimed:ito")


def test_a_notice_that_was_taken_keeps_what_it_says_and_where() -> None:
    taken = after_attempt(NOTICE, SendMethod.PUSH, SendResult(Outcome.ACCEPTED, "17"), NOW, "")
    assert (taken.state, taken.message, taken.shown) == (OutboundState.ACCEPTED, "17", "waiting:")
    answered = after_attempt(WITHOUT_KEYS, SendMethod.PUSH, SendResult(Outcome.ACCEPTED, "17"), NOW, "")
    assert (answered.message, answered.shown) == ("", ""), "an answer is never written anew"


def test_a_notice_goes_on_where_an_answer_ends() -> None:
    """Staff who are not told now are told later, and twice is better than never."""
    for outcome in (Outcome.QUOTA, Outcome.UNCERTAIN, Outcome.LATER, Outcome.LOCKED):
        assert attempt(NOTICE, outcome).state in OPEN_STATES, outcome
    assert attempt(NOTICE, Outcome.BLOCKED).state is OutboundState.FAILED, "nobody was told: that is a failure"
    assert attempt(WITHOUT_KEYS, Outcome.QUOTA).state is OutboundState.FAILED
    moved = after_attempt(NOTICE, SendMethod.PUSH, SendResult(Outcome.LATER, moved="-2"), NOW, "")
    assert moved.due_at == NOW, "at once, to the new address"


def test_a_notice_is_tried_for_a_day() -> None:
    def tried(outcome: Outcome, after: timedelta, attempts: int = 0) -> tuple[OutboundState, timedelta]:
        now = NOW + after
        each = replace(NOTICE, attempts=attempts, knows_repeats=True)
        way = next_way(each, now)
        assert way is SendMethod.PUSH, "an old one is tried too"
        ended = after_attempt(before_attempt(each, way, now), way, SendResult(outcome), now, "")
        return ended.state, ended.due_at - now

    assert tried(Outcome.LATER, timedelta()) == (OutboundState.QUEUED, timedelta(seconds=2))
    assert tried(Outcome.UNCERTAIN, timedelta(), 3) == (OutboundState.QUEUED, timedelta(seconds=16))
    assert tried(Outcome.LATER, timedelta(hours=24), 99) == (OutboundState.QUEUED, timedelta(minutes=5))
    assert tried(Outcome.LATER, timedelta(hours=24, seconds=1))[0] is OutboundState.FAILED
    assert tried(Outcome.ACCEPTED, timedelta(hours=25))[0] is OutboundState.ACCEPTED


def test_a_letter_has_no_plain_form() -> None:
    letter = replace(NOTICE, notice=StaffNotice("mail:a@city.example", "open", "c"))
    assert attempt(letter, Outcome.REFUSED).state is OutboundState.FAILED
    assert attempt(NOTICE, Outcome.REFUSED).as_text


def test_what_nobody_needs_any_more_stays_spared_whatever_became_of_the_others() -> None:
    spared = replace(NOTICE, state=OutboundState.SPARED)
    for outcome in Outcome:
        assert after_attempt(spared, SendMethod.PUSH, SendResult(outcome, "17"), NOW, "") == spared


def test_a_notice_that_was_sent_is_written_anew_until_it_holds() -> None:
    assert next_way(SENT, NOW) is SendMethod.AMEND
    trying = before_attempt(SENT, SendMethod.AMEND, NOW)
    assert as_written(trying, SendMethod.AMEND) == trying, "written twice it says the same"
    for outcome in (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.BLOCKED):
        after = after_attempt(trying, SendMethod.AMEND, SendResult(outcome, "17"), NOW, "")
        assert (after.state, after.message, after.shown) == (OutboundState.ACCEPTED, "17", "waiting:"), outcome
    often = replace(trying, attempts=20)
    for outcome, now in product((Outcome.LATER, Outcome.UNCERTAIN, Outcome.LOCKED), (NOW, NOW + timedelta(hours=25))):
        after = after_attempt(often, SendMethod.AMEND, SendResult(outcome), now, "")
        assert (after.state, after.shown) == (OutboundState.ACCEPTED, "claimed:ito"), "it does not hold yet"
        assert after.due_at == now + timedelta(seconds=30), "however often it was written anew before"


def test_in_a_chat_that_was_forgotten_nothing_is_written_anew() -> None:
    assert next_way(replace(SENT, address=""), NOW) is None
    ended = given_up(replace(SENT, address=""))
    assert (ended.state, ended.shown) == (OutboundState.ACCEPTED, "")


def test_a_used_ticket_tells_nothing_where_the_platform_knows_no_repeats() -> None:
    pressed = replace(NOTICE, ticket="press", in_doubt=True)
    after = after_attempt(pressed, SendMethod.REPLY, SendResult(Outcome.DEAD_TICKET), NOW, "")
    assert next_way(after, NOW) is SendMethod.PUSH, "too old, or used: who pressed is told in the chat"


def test_news_of_one_chat_goes_as_one_and_answers_to_a_press_do_not() -> None:
    assert NOTICE.coalesces
    letter, answer = StaffNotice("mail:a@city.example", "open"), StaffNotice("chat:1", ChatReplyKind.CLAIMED)
    assert not any(replace(NOTICE, notice=notice).coalesces for notice in (None, letter, answer))
    assert not replace(NOTICE, ticket="press").coalesces


def test_the_key_of_a_bundle_is_of_what_it_still_says() -> None:
    spared, other = (replace(NOTICE, id="2", retry_key="k2", state=s) for s in (OutboundState.SPARED, NOTICE.state))
    assert Attempt((NOTICE, spared), SendMethod.PUSH).retry_key == NOTICE.retry_key
    both = Attempt((NOTICE, other), SendMethod.PUSH).retry_key
    assert both not in {NOTICE.retry_key, other.retry_key}
    assert Attempt((NOTICE, other, replace(spared, id="3")), SendMethod.PUSH).retry_key == both
