"""A one-time page for details that should not be written on a platform."""

from http import HTTPStatus

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from bot.domain.cases.case import shown_number
from bot.domain.conversation.phone_lines import dial_string
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.submit_private_form import PageOverError, is_page_there, submit_private_form
from bot.web.chat.chat_page import ChatPage
from bot.web.page_threads import form_endpoint
from bot.web.route_access import Public, public_route
from bot.web.visitors import source_of

FIELDS = ("name", "address", "telephone", "words")
_LONGEST = {"name": 100, "address": 200, "telephone": 40, "words": 4000}
_TOKEN = Public("the secret address was sent to one resident and works once")


class PrivatePage:
    """`/private/{token}`."""

    def __init__(self, context: AppContext, chat: ChatPage) -> None:
        self._context = context
        self._chat = chat
        self.routes = [
            public_route("/private/{token:str}", self._show, _TOKEN),
            public_route("/private/{token:str}", form_endpoint(self._write), _TOKEN, ["POST"]),
        ]

    def _show(self, request: Request) -> Response:
        is_there = is_page_there(self._context, request.path_params["token"])
        return self._page("open" if is_there else "over")

    def _write(self, request: Request, form: FormData) -> Response:
        """Store the details; an empty form is shown again."""
        values = {name: str(form.get(name) or "").strip()[: _LONGEST[name]] for name in FIELDS}
        if not any(values.values()):
            return self._page("empty", HTTPStatus.UNPROCESSABLE_ENTITY)
        say = self._context.content.wording().say
        words = "\n".join(say(f"private-{name}", text=text) for name, text in values.items() if text)
        source = source_of(request, self._context.secret)
        try:
            number = submit_private_form(self._context, request.path_params["token"], words, source)
        except PageOverError:
            return self._page("over", HTTPStatus.GONE)
        return self._page("sent", number=shown_number(number))

    def _page(self, state: str, status: HTTPStatus = HTTPStatus.OK, number: str = "") -> Response:
        say = self._context.content.wording().say
        return self._chat.write_page(
            "private.html", status, say=say, state=state, number=number, dial=dial_string, longest=_LONGEST
        )
