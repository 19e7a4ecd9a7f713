"""Continue a conversation on another device: a code shown once here, case number and code typed there."""

from http import HTTPStatus

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.domain.cases.case import shown_number
from bot.domain.conversation.phone_lines import dial_string
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.link_device import NoCaseError, WrongCodeError, link_device, offer_code
from bot.handlers.staff.throttle import TooManyTriesError
from bot.web.chat.chat_page import ChatPage
from bot.web.page_threads import form_endpoint
from bot.web.route_access import RESIDENTS, public_route
from bot.web.visitors import new_token, sender_of, set_visitor_cookie, source_of, token_of


class DevicePage:
    """`/elsewhere` (show a code), `/open` (enter it on the other device)."""

    def __init__(self, context: AppContext, chat: ChatPage) -> None:
        self._context = context
        self._chat = chat
        self.routes = [
            public_route("/elsewhere", form_endpoint(self._offer), RESIDENTS, ["POST"]),
            public_route("/open", self._ask, RESIDENTS),
            public_route("/open", form_endpoint(self._open), RESIDENTS, ["POST"]),
        ]

    def _offer(self, request: Request, _form: FormData) -> Response:
        sender = sender_of(token_of(request))
        try:
            number, code = offer_code(self._context, sender)
        except NoCaseError:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER)
        return self._page("code", number=shown_number(number), code=code)

    def _ask(self, _request: Request) -> Response:
        return self._page("ask")

    def _open(self, request: Request, form: FormData) -> Response:
        number, code = (str(form.get(name) or "")[:40] for name in ("number", "code"))
        token, source = new_token(), source_of(request, self._context.secret)
        try:
            link_device(self._context, sender_of(token), number, code, source)
        except WrongCodeError:
            return self._page("wrong", HTTPStatus.FORBIDDEN)
        except TooManyTriesError:
            return self._page("wait", HTTPStatus.TOO_MANY_REQUESTS)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        set_visitor_cookie(response, token, is_https=self._context.is_https)
        return response

    def _page(self, state: str, status: HTTPStatus = HTTPStatus.OK, *, number: str = "", code: str = "") -> Response:
        say = self._context.content.wording().say
        return self._chat.write_page(
            "elsewhere.html", status, say=say, state=state, number=number, code=code, dial=dial_string
        )
