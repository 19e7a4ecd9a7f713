"""The residents' chat page, which works without JavaScript."""

import secrets
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.phone_lines import ReplyContext, dial_string
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.messages import Inbound
from bot.domain.understanding.normalise import squeeze
from bot.handlers.app_context import AppContext
from bot.handlers.conversation.receive_message import receive
from bot.storage.conversation.device_rows import linked_sender
from bot.storage.conversation.message_rows import Exchange, read_exchanges
from bot.storage.conversation.resident_rows import find_resident
from bot.web.page_threads import pooled_endpoint
from bot.web.route_access import RESIDENTS, public_route
from bot.web.visitors import (
    clear_visitor_cookie,
    event_of,
    new_token,
    sender_of,
    set_visitor_cookie,
    source_of,
    token_of,
)

log = structlog.get_logger()

CHANNEL = "web"
_HISTORY_PERIOD = timedelta(days=30)
_MOST_SHOWN = 50
_BODY_LIMIT = 1_000_000
_FOREIGN = frozenset({"cross-site", "same-site"})


class ChatPage:
    """`/`, `/messages`, `/news`, `/clear`, and the templates of all pages for residents."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        loader = FileSystemLoader(Path(__file__).parent.parent / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        # A pool of its own, so that slow staff pages never delay a message.
        threads = anyio.CapacityLimiter(4)
        self.routes = [
            public_route("/", pooled_endpoint(self._show, threads), RESIDENTS),
            public_route("/messages", self._write, RESIDENTS, ["POST"]),
            public_route("/news", pooled_endpoint(self._news, threads), RESIDENTS),
            public_route("/clear", pooled_endpoint(self._clear, threads), RESIDENTS, ["POST"]),
            public_route("/clear", pooled_endpoint(self._cleared, threads), RESIDENTS),
        ]
        self._threads = threads

    def _show(self, request: Request) -> Response:
        """`GET /`: the conversation so far."""
        return self._page(token_of(request))

    async def _write(self, request: Request) -> Response:
        """`POST /messages`: store and answer the message, show the page. No message text causes an error."""
        if request.headers.get("sec-fetch-site") in _FOREIGN:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        form = await _read_form(request)
        return await anyio.to_thread.run_sync(self._answer, request, form, limiter=self._threads)

    def _answer(self, request: Request, form: tuple[str, str] | None) -> Response:
        """The page after this form (text, once); None for a form that was too long."""
        token = token_of(request) or new_token()
        notice = ""
        if form is None:
            notice = "too-long"
        elif not form[0].strip():
            notice = "empty"
        else:
            self._receive(request, token, *form)
        response = self._page(token, notice)
        set_visitor_cookie(response, token, is_https=self._context.is_https)
        return response

    def _receive(self, request: Request, token: str, text: str, once: str) -> None:
        with self._context.store.reading() as connection:
            sender = linked_sender(connection, sender_of(token))
        event = event_of(sender, once or secrets.token_hex(16))
        message = Inbound(CHANNEL, sender, event, text, self._context.clock(), source_of(request, self._context.secret))
        receive(self._context, [message], message.received_at)

    def _news(self, request: Request) -> Response:
        """The number of answers; the page reloads when it grows."""
        exchanges = self.exchanges(token_of(request))
        return JSONResponse({"answers": sum(len(exchange.replies) for exchange in exchanges)})

    def _clear(self, request: Request) -> Response:
        """`POST /clear`: forget the conversation on this device, and redirect to a neutral page."""
        if request.headers.get("sec-fetch-site") in _FOREIGN:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        response = RedirectResponse("/clear", HTTPStatus.SEE_OTHER)
        response.headers["Clear-Site-Data"] = '"cache"'
        clear_visitor_cookie(response)
        return response

    def _cleared(self, _request: Request) -> Response:
        """`GET /clear`: the neutral page."""
        return HTMLResponse(self._templates.get_template("cleared.html").render(say=self._writer().wording.say))

    def failed(self, status: HTTPStatus) -> Response:
        """The error page for residents, worded calmly."""
        return HTMLResponse(self._templates.get_template("failed.html").render(say=self._writer().wording.say), status)

    def _page(self, token: str, notice: str = "") -> Response:
        exchanges = self.exchanges(token)
        writer = self._writer()
        page = self._templates.get_template("chat.html").render(
            say=writer.wording.say,
            welcome=writer.welcome(),
            exchanges=exchanges,
            answers=sum(len(exchange.replies) for exchange in exchanges),
            has_case=any(exchange.in_case for exchange in exchanges),
            notice=notice,
            once=secrets.token_hex(16),
            dial=dial_string,
            is_blank=lambda text: not squeeze(text),
        )
        return HTMLResponse(page)

    def write_page(self, template: str, status: HTTPStatus, **what: object) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(**what), status)

    def exchanges(self, token: str) -> list[Exchange]:
        """The visitor's conversation, or the one of another device that was opened here."""
        if not token:
            return []
        with self._context.store.reading() as connection:
            resident = find_resident(connection, CHANNEL, linked_sender(connection, sender_of(token)))
            if resident is None:
                return []
            return read_exchanges(
                connection, self._context.keys, resident, self._context.clock() - _HISTORY_PERIOD, _MOST_SHOWN
            )

    def _writer(self) -> ReplyWriter:
        moment = ReplyContext(self._context.clock().astimezone(CITY_ZONE), is_holiday, "")
        return ReplyWriter.of(self._context.content.catalog, moment)


async def _read_form(request: Request) -> tuple[str, str] | None:
    """(text, once) of the form; None if it is too long. An unreadable form counts as empty."""
    if int(request.headers.get("content-length") or 0) > _BODY_LIMIT:
        return None
    try:
        async with request.form(max_files=0, max_fields=10, max_part_size=_BODY_LIMIT) as form:
            values = [form.get(name) for name in ("text", "once")]
    except (HTTPException, ClientDisconnect, UnicodeDecodeError, ValueError) as error:
        log.info("form_unreadable", error=type(error).__name__)
        return "", ""
    text, once = (value if isinstance(value, str) else "" for value in values)
    return text, once
