"""A page that opens once, for what should not be written on a platform."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.cases.case import shown_number
from bot.domain.conversation.phone_lines import dial_string
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.submit_private_form import PageOverError, is_page_there, submit_private_form
from bot.web.chat.chat_page import ChatPage
from bot.web.chat.visitors import source_of
from bot.web.staff_guard import read_form

FIELDS = ("name", "address", "telephone", "words")
_LONGEST = {"name": 100, "address": 200, "telephone": 40, "words": 4000}


class PrivatePage:
    """`/private/{token}`."""

    def __init__(self, context: AppContext, chat: ChatPage) -> None:
        self._context = context
        self._chat = chat
        self.routes = [
            Route("/private/{token:str}", self._show),
            Route("/private/{token:str}", self._write, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        is_there = await anyio.to_thread.run_sync(is_page_there, self._context, request.path_params["token"])
        return self._page("open" if is_there else "over")

    async def _write(self, request: Request) -> Response:
        """Keep what was written; an empty page stays as it is."""
        form = await read_form(request)
        values = {name: str(form.get(name) or "").strip()[: _LONGEST[name]] for name in FIELDS}
        if not any(values.values()):
            return self._page("empty", HTTPStatus.UNPROCESSABLE_ENTITY)
        say = self._context.content.wording().say
        words = "\n".join(say(f"private-{name}", text=text) for name, text in values.items() if text)
        source = source_of(request, self._context.secret)
        work = partial(submit_private_form, self._context, request.path_params["token"], words, source)
        try:
            number = await anyio.to_thread.run_sync(work)
        except PageOverError:
            return self._page("over", HTTPStatus.GONE)
        return self._page("sent", number=shown_number(number))

    def _page(self, state: str, status: HTTPStatus = HTTPStatus.OK, number: str = "") -> Response:
        say = self._context.content.wording().say
        return self._chat.write_page(
            "private.html", status, say=say, state=state, number=number, dial=dial_string, longest=_LONGEST
        )
