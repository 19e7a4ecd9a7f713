"""Accounts are closed and reset: the desk never loses its last admin, and what was given before opens nothing."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.staff.duty_settings import read_duty
from bot.handlers.staff.sign_in import SignIn, SignInError, sign_in, signed_in
from bot.handlers.staff.staff_accounts import AccountAdmin, AccountError, close_account, reset_account
from bot.storage.staff.staff_rows import list_staff
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.staff.desk_staff import code_at, make_staff
from tests.support.staff.running_desk import Desk, running_desk


@pytest.fixture
def context(context_sqlite: AppContext) -> AppContext:
    return replace(context_sqlite, clock=ManualClock(TUESDAY_NOON))


@pytest.fixture
def desk(context_sqlite: AppContext) -> Iterator[Desk]:
    with running_desk(context_sqlite) as running:
        yield running


def admin_of(context: AppContext) -> AccountAdmin:
    return AccountAdmin(context.store, context.keys, context.clock())


def open_accounts(context: AppContext) -> set[str]:
    with context.store.reading() as connection:
        return {account.login for account in list_staff(connection) if not account.is_disabled}


# --- closed ------------------------------------------------------------------------------------------------------


def test_the_last_admin_is_not_closed(context: AppContext) -> None:
    make_staff(context, "ito", Role.ADMIN)
    make_staff(context, "sasaki", Role.COUNSELLOR)
    with pytest.raises(AccountError):
        close_account(admin_of(context), "ito")
    assert open_accounts(context) == {"ito", "sasaki"}
    close_account(admin_of(context), "sasaki")
    assert open_accounts(context) == {"ito"}


def test_an_admin_who_is_closed_already_does_not_count(context: AppContext) -> None:
    for login in ("ito", "kato"):
        make_staff(context, login, Role.ADMIN)
    close_account(admin_of(context), "kato")
    with pytest.raises(AccountError):
        close_account(admin_of(context), "ito")
    assert open_accounts(context) == {"ito"}


def test_the_page_says_that_the_last_admin_stays(desk: Desk) -> None:
    with desk.staff("ito", Role.ADMIN) as ito:
        refused = ito.do("/desk/staff/disable", login="ito")
        assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "最後の管理者は止められません" in refused.text
        make_staff(desk.context, "kato", Role.ADMIN)
        assert ito.do("/desk/staff/disable", login="kato").status_code == httpx.codes.SEE_OTHER
        assert ito.do("/desk/staff/disable", login="ito").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert open_accounts(desk.context) == {"ito"}


# --- reset -------------------------------------------------------------------------------------------------------


def test_after_a_reset_nothing_given_before_opens(context: AppContext) -> None:
    ito, old = make_staff(context, "ito", Role.ADMIN)

    def enters(password: str, code: str) -> str:
        return sign_in(context, SignIn("ito", password, code, "office"))

    token = enters(old.password, old.recovery_codes[0])
    assert signed_in(context, token) == ito
    new = reset_account(admin_of(context), "ito")
    assert signed_in(context, token) is None, "who has the old screen is out"
    refused = [
        (old.password, new.recovery_codes[0]),
        (new.password, old.recovery_codes[1]),
        (new.password, code_at(old, context.clock())),
    ]
    for password, code in refused:
        with pytest.raises(SignInError):
            enters(password, code)
    assert signed_in(context, enters(new.password, new.recovery_codes[0])) == ito
    assert signed_in(context, enters(new.password, code_at(new, context.clock()))) == ito


def test_a_closed_account_is_opened_by_a_reset_alone(context: AppContext) -> None:
    make_staff(context, "ito", Role.ADMIN)
    sasaki, old = make_staff(context, "sasaki")
    token = sign_in(context, SignIn("sasaki", old.password, old.recovery_codes[0], "office"))
    close_account(admin_of(context), "sasaki")
    assert signed_in(context, token) is None
    with pytest.raises(SignInError):
        sign_in(context, SignIn("sasaki", old.password, old.recovery_codes[1], "office"))
    new = reset_account(admin_of(context), "sasaki")
    assert signed_in(context, token) is None
    again = sign_in(context, SignIn("sasaki", new.password, new.recovery_codes[0], "office"))
    assert signed_in(context, again) == sasaki


# --- the duty list -----------------------------------------------------------------------------------------------


def test_places_on_the_duty_list_are_numbers(desk: Desk) -> None:
    (first, _), (second, _), (third, _) = (make_staff(desk.context, login) for login in ("a", "b", "c"))
    places = {f"place-{first.id}": "10", f"place-{second.id}": "2", f"place-{third.id}": "1"}

    def roster() -> list[str]:
        return [person.staff for person in read_duty(desk.context).roster.people]

    with desk.staff("ito", Role.ADMIN) as ito:
        assert ito.do("/desk/duty/people", **places).status_code == httpx.codes.SEE_OTHER
        assert roster() == [third.id, second.id, first.id]
        wrong = (
            {f"place-{first.id}": "x"}, {f"place-{first.id}": "-1"}, {f"place-{first.id}": "1.5"},
            {f"place-{first.id}": "1", f"away-{first.id}": "2026-02-30"},
            {f"place-{first.id}": "1", f"away-{first.id}": "tomorrow"},
        )  # fmt: skip
        for values in wrong:
            assert ito.do("/desk/duty/people", **values).status_code == httpx.codes.UNPROCESSABLE_ENTITY, values
        assert roster() == [third.id, second.id, first.id], "what is refused changes nothing"
