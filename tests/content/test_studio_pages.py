"""The studio over HTTP: who gets in, what a form may do, files that go in and out."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from openpyxl import load_workbook

from bot.content.cards.cards import CardRef
from bot.content.cards.differences import shown
from bot.content.tables.tables import SHEETS
from bot.domain.staff.permissions import Role
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft
from bot.web.site import build_site
from tests.support.running_app import RunningApp
from tests.support.staff.desk_staff import DeskClient, code_at, make_staff
from tests.support.staff.studio_office import Office, make_office

SNOW = {"file": "measures/measure-13.yaml", "name": ""}
SHEET = [sheet.name for sheet in SHEETS].index("言いかえ")


@dataclass
class Studio:
    """A running studio."""

    office: Office
    url: str

    def staff(self, login: str, role: Role = Role.ADMIN) -> DeskClient:
        """Somebody who has signed in at the desk: the same sign-in serves both."""
        _, credentials = make_staff(self.office.context, login, role)
        client = DeskClient(self.url, login, credentials)
        assert client.sign_in(code_at(credentials, self.office.context.clock())).status_code == httpx.codes.SEE_OTHER
        return client


@pytest.fixture
def studio(context_sqlite: AppContext) -> Iterator[Studio]:
    office = make_office(context_sqlite)
    with RunningApp(build_site(office.context, closes=False)) as running:
        yield Studio(office, running.url)


def seen(page: str) -> str:
    return str(re.findall(r'name="seen" value="([^"]+)"', page)[0])


PAGES = (
    "", "/try", "/learning", "/tables", "/publish", "/revisions", "/revisions/1", "/cards?files=wording.yaml",
    "/card?file=duty.yaml", "/card?file=lines.yaml&name=ota-city", "/card?file=plan.yaml",
)  # fmt: skip


def test_only_admins_get_in(studio: Studio) -> None:
    with studio.staff("a") as admin, studio.staff("b", Role.COUNSELLOR) as counsellor:
        for path in PAGES:
            assert admin.get(f"/studio{path}").status_code == httpx.codes.OK, path
            assert counsellor.get(f"/studio{path}").status_code == httpx.codes.FORBIDDEN, path
            assert httpx.get(f"{studio.url}/studio{path}").headers["location"] == "/desk/locked"
        for path in ("/card", "/publish", "/publish/prove", "/publish/discard", "/revisions/1/restore", "/tables/take"):
            answer = counsellor.do(f"/studio{path}", **SNOW)
            assert answer.status_code in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}, path
    assert not read_draft(studio.office.context.store).is_changed


def test_every_card_opens(studio: Studio) -> None:
    with studio.staff("a") as admin:
        for kind in ("measures/*.yaml", "lines.yaml", "not-ours.yaml", "triage/words.yaml", "checks/*.yaml"):
            page = admin.get(f"/studio/cards?files={kind}").text
            address = re.findall(r'<li><a href="(/studio/card\?[^"]+)"', page)[0].replace("&amp;", "&")
            assert admin.get(address).status_code == httpx.codes.OK


def test_a_form_of_another_page_is_refused(studio: Studio) -> None:
    with studio.staff("a") as admin:
        admin.csrf = "0" * 64
        assert admin.do("/studio/card", **SNOW).status_code == httpx.codes.FORBIDDEN


def test_a_card_is_saved_and_the_plans_words_are_not(studio: Studio) -> None:
    with studio.staff("a") as admin:
        state = seen(admin.get("/studio/card?file=measures/measure-13.yaml").text)
        before = studio.office.card()
        fields = {f"f-{name}": shown(value) for name, value in before.items()}
        fields |= {"f-lead": "新しい答えです。", "f-title": "勝手な題名", "f-actions": "勝手な取組"}
        assert admin.do("/studio/card", **SNOW, seen=state, **fields).status_code == httpx.codes.SEE_OTHER
    after = studio.office.card()
    assert after == {**before, "lead": "新しい答えです。"}


def test_hours_as_a_form(studio: Studio) -> None:
    line = {"file": "lines.yaml", "name": "ota-city"}
    with studio.staff("a") as admin:
        page = admin.get("/studio/card?file=lines.yaml&name=ota-city").text
        values = dict(re.findall(r'<input id="(f-[a-z_]+)" name="[^"]+" value="([^"]*)"', page))
        values |= {"f-phones": "0134-32-4111", "f-use": "ship", "f-note": ""}
        values |= {f"f-hours-0-{day}": "1" for day in ("mon", "tue", "wed", "thu", "fri")}
        values |= {"f-hours-0-times": "9:00-12:00、13:00-17:00", "f-hours-1-sat": "1", "f-hours-1-times": "9:00-12:00"}
        values |= {"f-hours-special-0-day": "2026-12-28", "f-hours-special-0-reason": "工事"}
        assert admin.do("/studio/card", **line, seen=seen(page), **values).status_code == httpx.codes.SEE_OTHER
        again = admin.get("/studio/card?file=lines.yaml&name=ota-city").text
    assert 'value="9:00-12:00 13:00-17:00"' in again
    assert 'value="2026-12-28"' in again
    assert '- days: ["weekdays"]' in read_draft(studio.office.context.store).files["lines.yaml"].decode()


def test_a_new_card_needs_a_name_of_its_own(studio: Studio) -> None:
    with studio.staff("a") as admin:
        new = {"file": "synonyms.yaml", "name": "", "new": "yes", "seen": studio.office.seen()}
        for taken in ("", "snow removal"):
            answer = admin.do("/studio/card", **new, **{"f-from": taken, "f-to": "除雪"})
            assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        answer = admin.do("/studio/card", **new, **{"f-from": "ゆきはね", "f-to": "除雪"})
        assert answer.status_code == httpx.codes.SEE_OTHER
        gone = admin.do("/studio/card/remove", file="synonyms.yaml", name="ゆきはね", seen=studio.office.seen())
        assert gone.status_code == httpx.codes.SEE_OTHER
    assert not read_draft(studio.office.context.store).is_changed


def test_words_for_a_card_that_another_has_taken_out_bring_it_back(studio: Studio) -> None:
    place = {"file": "synonyms.yaml", "name": "snow removal"}
    with studio.staff("a") as admin:
        state = studio.office.seen()
        admin.do("/studio/card/remove", **place, seen=state)
        answer = admin.do("/studio/card", **place, seen=state, **{"f-to": "雪かき", "f-note": "戻しました"})
        assert answer.status_code == httpx.codes.SEE_OTHER
        page = admin.get("/studio/card?file=synonyms.yaml&name=snow+removal").text
        gone = {"file": "wording.yaml", "name": "no-such-key", "seen": state}
        assert admin.do("/studio/card", **gone, **{"f-text": "x"}).status_code == httpx.codes.NOT_FOUND
    assert "<ins>雪かき</ins>" in page, "the history shows before and after"
    card = studio.office.card(CardRef("synonyms.yaml", "snow removal"))
    assert card == {"from": "snow removal", "to": "雪かき", "note": "戻しました"}


def test_excel_goes_out_and_in(studio: Studio) -> None:
    with studio.staff("a") as admin:
        body = admin.get("/studio/tables/sasaeai.xlsx").content
        assert "電話" in load_workbook(io.BytesIO(body)).sheetnames
        same = admin.client.post("/studio/tables", data={"csrf": admin.csrf}, files={"file": ("a.xlsx", body)})
        assert "変わるところはありません" in same.text
        table = admin.get(f"/studio/tables/{SHEET}.csv").content.decode("utf-8-sig")
        more = f"{table}ゆきはね,除雪,,\r\n".encode("cp932", errors="ignore")
        look = admin.client.post("/studio/tables", data={"csrf": admin.csrf}, files={"file": ("a.csv", more)})
        assert "ゆきはね" in look.text
        assert not read_draft(studio.office.context.store).is_changed, "a look changes nothing"
        changes = re.findall(r'name="changes" value="([^"]+)"', look.text)[0].replace("&#34;", '"')
        taken = admin.client.post("/studio/tables/take", data={"csrf": admin.csrf, "changes": changes})
        assert taken.status_code == httpx.codes.SEE_OTHER
        broken = admin.client.post("/studio/tables", data={"csrf": admin.csrf}, files={"file": ("a.csv", b"a,b\n1,2")})
        assert broken.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "ゆきはね" in read_draft(studio.office.context.store).files["synonyms.yaml"].decode()
