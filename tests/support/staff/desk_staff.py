"""Staff accounts for tests, their one-time codes, and an HTTP client of the desk."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import httpx
import pyotp

from bot.domain.staff.permissions import Role, Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.sign_in import STEP_SECONDS
from bot.handlers.staff.staff_accounts import AccountAdmin, Credentials, NewAccount, make_account
from bot.storage.staff.staff_rows import find_staff

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


def make_staff(
    context: AppContext, login: str, role: Role = Role.COUNSELLOR, mail: str = ""
) -> tuple[Staff, Credentials]:
    """A new account; its name is 職員 followed by the login."""
    admin = AccountAdmin(context.store, context.keys, context.clock())
    credentials = make_account(admin, NewAccount(login, f"職員{login}", role, mail))
    with context.store.reading() as connection:
        account = find_staff(connection, login=login)
    assert account is not None
    return account, credentials


def code_at(credentials: Credentials, moment: datetime) -> str:
    """The six digits that the authenticator app shows at that moment."""
    secret = re.findall(r"secret=([A-Z2-7]+)", credentials.uri)[0]
    return pyotp.TOTP(secret).at(int(moment.timestamp()) // STEP_SECONDS * STEP_SECONDS)


@dataclass
class DeskClient:
    """A member of staff using the desk over HTTP, without a browser."""

    url: str
    login: str
    credentials: Credentials
    client: httpx.Client = field(init=False)
    csrf: str = ""

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.client.close()

    def sign_in(self, code: str, password: str = "") -> httpx.Response:
        """Sign in; a success also fetches the CSRF token."""
        values = {"login": self.login, "password": password or self.credentials.password, "code": code}
        answer = self.client.post("/desk/sign-in", data=values)
        if answer.status_code == httpx.codes.SEE_OTHER:
            self.csrf = _CSRF.findall(self.get("/desk").text)[0]
        return answer

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def do(self, path: str, **values: str) -> httpx.Response:
        """Send a form with the CSRF token."""
        return self.client.post(path, data={"csrf": self.csrf, **values})
