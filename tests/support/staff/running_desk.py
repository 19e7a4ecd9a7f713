"""A desk served over HTTP, with its clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from bot.domain.cases.case import Case
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.storage.cases.case_rows import list_cases
from bot.web.site import build_site
from tests.support.line.line_bot import ShiftedClock
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff


@dataclass
class Desk:
    """A desk served at `url`."""

    context: AppContext
    clock: ShiftedClock
    url: str

    def staff(self, login: str, role: Role = Role.COUNSELLOR) -> DeskClient:
        """A new member of staff who is signed in."""
        _, credentials = make_staff(self.context, login, role)
        client = DeskClient(self.url, login, credentials)
        assert client.sign_in(code_at(credentials, self.clock())).status_code == httpx.codes.SEE_OTHER
        return client

    def case(self) -> Case:
        """The only case; fails if there is not exactly one."""
        with self.context.store.reading() as connection:
            (case,) = list_cases(connection, open_only=False)
        return case


@contextmanager
def running_desk(context: AppContext) -> Iterator[Desk]:
    """Serve the desk during the block. The database stays open."""
    clock = ShiftedClock()
    context = replace(context, clock=clock)
    with RunningApp(build_site(context, closes=False)) as running:
        yield Desk(context, clock, running.url)
