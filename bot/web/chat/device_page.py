"""The talk on another device: a code shown once here, number and code typed there."""

from functools import partial
from http import HTTPStatus

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.domain.cases.case import shown_number
from bot.domain.conversation.phone_lines import dial_string
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.link_device import NoCaseError, WrongCodeError, link_device, offer_code
from bot.handlers.staff.throttle import TooManyTriesError
from bot.web.chat.chat_page import ChatPage
from bot.web.chat.visitors import new_token, remember, sender_of, source_of, token_of
from bot.web.staff_guard import read_form


class DevicePage:
    """`/elsewhere` (a code for this talk), `/open` (a talk with its code), `/news` (how many answers there are)."""

    def __init__(self, context: AppContext, chat: ChatPage) -> None:
        self._context = context
        self._chat = chat
        self.routes = [
            Route("/elsewhere", self._offer, methods=["POST"]),
            Route("/open", self._ask),
            Route("/open", self._open, methods=["POST"]),
            Route("/news", self._news),
        ]

    async def _offer(self, request: Request) -> Response:
        await read_form(request)
        sender = sender_of(token_of(request))
        try:
            number, code = await anyio.to_thread.run_sync(offer_code, self._context, sender)
        except NoCaseError:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER)
        return self._page("code", number=shown_number(number), code=code)

    async def _ask(self, _request: Request) -> Response:
        return self._page("ask")

    async def _open(self, request: Request) -> Response:
        form = await read_form(request)
        number, code = (str(form.get(name) or "")[:40] for name in ("number", "code"))
        token, source = new_token(), source_of(request, self._context.secret)
        work = partial(link_device, self._context, sender_of(token), number, code, source)
        try:
            await anyio.to_thread.run_sync(work)
        except WrongCodeError:
            return self._page("wrong", HTTPStatus.FORBIDDEN)
        except TooManyTriesError:
            return self._page("wait", HTTPStatus.TOO_MANY_REQUESTS)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        remember(response, token, is_https=self._context.is_https)
        return response

    async def _news(self, request: Request) -> Response:
        """How many answers the talk has: the page shows itself anew when there are more."""
        exchanges = await self._chat.exchanges(token_of(request))
        return JSONResponse({"answers": sum(len(each.replies) for each in exchanges)})

    def _page(self, state: str, status: HTTPStatus = HTTPStatus.OK, *, number: str = "", code: str = "") -> Response:
        say = self._context.content.wording().say
        return self._chat.write_page(
            "elsewhere.html", status, say=say, state=state, number=number, code=code, dial=dial_string
        )
