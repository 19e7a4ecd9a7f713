"""The desk's pages written out."""

from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bot.domain.cases import shown_number
from bot.domain.lines_said import dial_string
from bot.domain.shown_times import shown_at, shown_span
from bot.handlers.house import House


class DeskPages:
    """Writes the pages of one folder of templates."""

    def __init__(self, house: House, folder: str = "desk") -> None:
        def say(key: str) -> str:
            return house.wording().say(key)

        self._folder = folder
        loader = FileSystemLoader(Path(__file__).parent / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters |= {"number": shown_number, "at": shown_at, "span": shown_span, "dial": dial_string}
        self._templates.globals["say"] = say

    def write(self, template: str, status: HTTPStatus = HTTPStatus.OK, **what: object) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(self.part(template, **what), status)

    def part(self, template: str, **what: object) -> str:
        """A page or a part of one."""
        return self._templates.get_template(f"{self._folder}/{template}").render(**what)
