"""A case in somebody's hands: whom it may be given to, and who may end it by joining."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Status
from bot.domain.staff.permissions import NotAllowedError, Role
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, hand_over, join
from bot.handlers.staff.staff_accounts import AccountAdmin, close_account
from bot.storage.cases.case_rows import list_cases
from tests.conftest import Resident
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import make_staff

MakeResident = Callable[..., Resident]


@pytest.fixture
def context(context: AppContext) -> AppContext:
    return replace(context, clock=ManualClock(TUESDAY_NOON))


def cases(context: AppContext) -> dict[str, Case]:
    """All cases by id."""
    with context.store.reading() as connection:
        return {case.id: case for case in list_cases(connection, open_only=False)}


def new_case(context: AppContext, resident: Resident) -> Case:
    before = cases(context).keys()
    resident.says("人と話したい")
    (case,) = [case for case in cases(context).values() if case.id not in before]
    return case


@pytest.mark.parametrize("to", ["viewer", "auditor", "gone"])
def test_a_case_is_given_to_nobody_who_may_not_claim_it(
    context: AppContext, make_resident: MakeResident, to: str
) -> None:
    case = new_case(context, make_resident())
    owner, _ = make_staff(context, "owner")
    role = {"viewer": Role.VIEWER, "auditor": Role.AUDITOR, "gone": Role.COUNSELLOR}[to]
    other, _ = make_staff(context, "other", role)
    if to == "gone":
        close_account(AccountAdmin(context.store, context.keys, context.clock()), "other")
    claim(context, owner, case.id)
    with pytest.raises(NotAllowedError):
        hand_over(context, owner, case.id, other.id, "お願いします")
    assert (cases(context)[case.id].status, cases(context)[case.id].owner) == (Status.CLAIMED, owner.id)


def test_only_its_owner_or_an_admin_ends_a_claimed_case_by_joining(
    context: AppContext, make_resident: MakeResident
) -> None:
    first, second, third = (new_case(context, make_resident(name)) for name in ("sato", "ito", "abe"))
    owner, _ = make_staff(context, "owner")
    other, _ = make_staff(context, "other")
    chief, _ = make_staff(context, "chief", Role.ADMIN)
    for case in (second, third):
        claim(context, owner, case.id)
    with pytest.raises(NotAllowedError):
        join(context, other, second.id, first.number)
    assert cases(context)[second.id].status is Status.CLAIMED
    assert join(context, owner, second.id, first.number).status is Status.CLOSED
    assert join(context, chief, third.id, first.number).status is Status.CLOSED
