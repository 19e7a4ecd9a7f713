"""The pages of staff, rendered from templates."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bot.domain.cases.case import shown_number
from bot.domain.conversation.phone_lines import dial_string
from bot.domain.shown_times import shown_at, shown_at_year, shown_clock, shown_span
from bot.handlers.app_context import AppContext
from bot.web.staff_request import StaffRequest


class StaffPages:
    """Renders the templates of one folder."""

    def __init__(self, context: AppContext, folder: str = "desk") -> None:
        def say(key: str) -> str:
            return context.content.wording().say(key)

        def kind_name(kind: str) -> str:
            return context.content.wording().kind_name(kind)

        self._folder = folder
        loader = FileSystemLoader(Path(__file__).parent / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters |= {
            "number": shown_number,
            "at": shown_at,
            "at_year": shown_at_year,
            "span": shown_span,
            "clock": shown_clock,
            "dial": dial_string,
        }
        self._templates.globals |= {"say": say, "kind_name": kind_name}

    def show(
        self, request: StaffRequest, template: str, status: HTTPStatus = HTTPStatus.OK, **what: object
    ) -> HTMLResponse:
        """A page for a signed-in member of staff, with the CSRF token for its forms."""
        return self.write(template, status, me=request.staff, csrf=request.csrf, **what)

    def write(self, template: str, status: HTTPStatus = HTTPStatus.OK, **what: object) -> HTMLResponse:
        """A page without a session."""
        return HTMLResponse(self.part(template, **what), status)

    def words(self, name: str) -> Mapping[str, Any]:
        """A mapping defined in `desk/words.html`, for files such as CSV."""
        mapping: Mapping[str, Any] = getattr(self._templates.get_template("desk/words.html").module, name)
        return mapping

    def part(self, template: str, **what: object) -> str:
        """A page or a part of one."""
        return self._templates.get_template(f"{self._folder}/{template}").render(**what)
