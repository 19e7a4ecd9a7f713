"""A running site in which every button works for whoever may press it, and a person of each role to press it."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
from starlette.applications import Starlette

from bot.domain.cases.case import Case
from bot.domain.cases.case_transitions import Reason
from bot.domain.staff.permissions import ROLE_MAY, Permission, Role, Staff
from bot.domain.switches import Switch
from bot.handlers.app_context import AppContext
from bot.handlers.cases.case_actions import claim, close
from bot.handlers.cases.drills import start_drill
from bot.handlers.staff.chat_pairing import offer
from bot.storage.staff.staff_chat_rows import list_chats, write_offer
from bot.web.site import build_site
from bot.web.staff_guard import COOKIE
from tests.support.line.line_bot import unreachable_line
from tests.support.manual_clock import TUESDAY_NOON, ManualClock
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import code_at, make_staff
from tests.support.staff.studio_office import make_office

_CARD = {"file": "synonyms.yaml", "name": "snow removal", "seen": "x"}
_PARAMETERS = {"{name:str}": Switch.DISASTER, "{group:str}": "none", "{number:int}": "1", "{token:str}": "none"}
_QUERIES = {
    "/studio/cards": "?files=wording.yaml",
    "/studio/card": "?file=duty.yaml",
    "/studio/card/new": "?file=lines.yaml",
}
_FORMS: Mapping[str, Mapping[str, str]] = {
    "/desk/drills/start": {"kind": "distress", "words": "訓練"},
    "/desk/proposals/settle": {"proposal": "none"},
    "/desk/duty/day": {"day": "2026-12-28", "times": "", "reason": "工事"},
    "/desk/duty/mail": {"mail": "desk@city.example"},
    "/desk/chats/offer": {"channel": "line"},
    f"/desk/switches/{Switch.DISASTER}": {"on": "yes"},
    "/desk/staff/add": {"login": "new", "name": "新しい人", "role": "admin"},
    "/desk/staff/reset": {"login": "target"},
    "/desk/staff/disable": {"login": "target"},
    "/studio/card": _CARD | {"f-to": "除雪"},
    "/studio/card/undo": _CARD,
    "/studio/card/remove": _CARD,
    "/studio/try": {"text": "雪かき"},
    "/studio/learning/none/try": {"lesson": "leave", "words": "雪"},
    "/studio/learning/none/teach": {"lesson": "leave", "words": "雪"},
    "/studio/publish": {"digest": "x", "reason": "わけ"},
    "/studio/publish/want": {"digest": "x", "reason": "わけ"},
    "/studio/tables/take": {"changes": "[]"},
}


@dataclass(frozen=True)
class BrowserSession:
    """What a browser holds; `staff` is None for somebody without an account."""

    token: str = ""
    csrf: str = "0" * 64
    staff: Staff | None = None


@dataclass
class CrossedSite:
    """The running site."""

    context: AppContext
    clock: ManualClock
    app: Starlette
    http: httpx.Client
    chief: Staff
    watch: sqlite3.Connection | None

    def sign_in(self, login: str, role: Role) -> BrowserSession:
        """Somebody new with a session; the token for forms stands on a page that this role may see."""
        staff, credentials = make_staff(self.context, login, role)
        values = {"login": login, "password": credentials.password, "code": code_at(credentials, self.clock())}
        token = self.http.post("/desk/sign-in", data=values).cookies[COOKIE]
        self.http.cookies.clear()
        home = "/desk/audit" if role is Role.AUDITOR else "/desk"
        page = self.http.get(home, headers=_cookie(token)).text
        return BrowserSession(token, re.findall(r'name="csrf" value="([0-9a-f]+)"', page)[0], staff)

    def asked(self, session: BrowserSession, method: str, template: str) -> tuple[httpx.Response, bool]:
        """The answer to a route's address, filled in so that it works; and whether it changed the database."""
        path, form = self._filled(template, session.staff)
        values = {"csrf": session.csrf, **form} if method == "POST" else None
        before = self._changes()
        headers = _cookie(session.token) if session.token else {}
        with self.http.stream(method, path, data=values, headers=headers) as answer:
            return answer, self._changes() != before

    def _filled(self, template: str, staff: Staff | None) -> tuple[str, Mapping[str, str]]:
        if template.startswith("/desk/cases/"):
            return self._case(template, staff)
        path = (
            template.replace("{name:str}", Switch.DISASTER).replace("{group:str}", "none").replace("{number:int}", "1")
        )
        form = _FORMS.get(path, {})
        if path in {"/desk/chats/confirm", "/desk/chats/drop"}:
            form = {"chat": self._written_chat(staff if staff and _looks_after_cases(staff) else self.chief)}
        return path + _QUERIES.get(path, ""), form

    def _case(self, template: str, staff: Staff | None) -> tuple[str, Mapping[str, str]]:
        """A case of its own for every button, in the hands of this member of staff where the role can have it."""
        case, other = self._drill(), self._drill()
        owner = staff if staff and _looks_after_cases(staff) else self.chief
        if not template.endswith("/claim"):
            claim(self.context, owner, case.id)
        if template.endswith("/reopen"):
            close(self.context, owner, case.id, Reason.DONE)
        form = {
            "case": case.id, "words": "ことば", "to": self.chief.id, "into": other.number, "reason": Reason.DONE,
            "from": "22:00", "until": "7:00",
        }  # fmt: skip
        return template.replace("{number:str}", case.number), form

    def _drill(self) -> Case:
        return start_drill(self.context, self.chief, self.context.content.catalog.kinds["distress"], "訓練です")

    def _written_chat(self, staff: Staff) -> str:
        """A chat of this member of staff that waits to be confirmed."""
        offer(self.context, staff, "line", for_group=False)
        with self.context.store.reading() as connection:
            chat = next(chat for chat in list_chats(connection) if chat.staff == staff.id and not chat.lane)
        keys = self.context.keys
        self.context.store.transaction(lambda connection: write_offer(connection, keys, chat, chat.id, chat.id))
        return chat.id

    def _changes(self) -> int:
        """Another number after every commit of anybody that changed the database; PostgreSQL does not tell."""
        if self.watch is None:
            return 0
        return int(self.watch.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def crossed_site(context: AppContext) -> Iterator[CrossedSite]:
    """The site while the block runs."""
    clock = ManualClock(TUESDAY_NOON)
    context = replace(make_office(context).context, clock=clock, channels=unreachable_line())
    chief, _ = make_staff(context, "chief", Role.ADMIN)
    make_staff(context, "target")
    app = build_site(context, {"line": ["secret"], "telegram": ["secret"]}, closes=False)
    file = context.store.file
    # No connection is kept: one that the stream of the queue still holds would make the next request wait.
    limits = httpx.Limits(max_keepalive_connections=0)
    with RunningApp(app) as running, httpx.Client(base_url=running.url, timeout=60, limits=limits) as http:
        watch = sqlite3.connect(file) if file else None
        yield CrossedSite(context, clock, app, http, chief, watch)
        if watch:
            watch.close()


def _looks_after_cases(staff: Staff) -> bool:
    return Permission.CLAIM in ROLE_MAY[staff.role]


def _cookie(token: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}"}
