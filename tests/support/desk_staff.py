"""Members of staff of the tests: accounts, their codes, and a browserless client that is signed in."""

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
    """An account of that login; its name is 職員 and the login."""
    office = AccountAdmin(context.store, context.keys, context.clock())
    credentials = make_account(office, NewAccount(login, f"職員{login}", role, mail))
    with context.store.reading() as connection:
        found = find_staff(connection, login=login)
    assert found is not None
    return found, credentials


def code_at(credentials: Credentials, moment: datetime) -> str:
    """The six digits that the app shows at that moment."""
    secret = re.findall(r"secret=([A-Z2-7]+)", credentials.uri)[0]
    return pyotp.TOTP(secret).at(int(moment.timestamp()) // STEP_SECONDS * STEP_SECONDS)


@dataclass
class DeskClient:
    """A member of staff without a browser."""

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
        """Sign in; the answer of the desk."""
        values = {"login": self.login, "password": password or self.credentials.password, "code": code}
        answer = self.client.post("/desk/sign-in", data=values)
        if answer.status_code == httpx.codes.SEE_OTHER:
            self.csrf = _CSRF.findall(self.get("/desk").text)[0]
        return answer

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.client.get(path)

    def do(self, path: str, **values: str) -> httpx.Response:
        """Send a form."""
        return self.client.post(path, data={"csrf": self.csrf, **values})
