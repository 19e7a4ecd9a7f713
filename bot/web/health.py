"""`/healthz` and `/metrics`: is the database there, does delivery move."""

from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address

import anyio.to_thread
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.handlers.house import House
from bot.storage.case_rows import list_cases
from bot.storage.inbox_rows import count_aside, oldest_waiting
from bot.storage.outbox_rows import count_deliveries, oldest_queued

log = structlog.get_logger()

STUCK = timedelta(seconds=60)


class Health:
    """What an operator's watch asks."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def healthz(self, _request: Request) -> Response:
        """200 only if the database answers and nothing has waited for a minute, coming in or going out."""
        try:
            fault = await anyio.to_thread.run_sync(self._fault)
        except SQLAlchemyError as error:
            log.error("database_does_not_answer", error=type(error).__name__)
            fault = "the database does not answer"
        status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
        return JSONResponse({"status": "failing" if fault else "ok", "fault": fault}, status)

    async def metrics(self, request: Request) -> Response:
        """Figures without a word of anybody; from this machine alone."""
        if not _is_loopback(request):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return Response(await anyio.to_thread.run_sync(self._figures), media_type=CONTENT_TYPE_LATEST)

    def _fault(self) -> str:
        with self._house.store.reading() as connection:
            queued, waiting = oldest_queued(connection), oldest_waiting(connection)
        if waiting and self._house.now() - waiting > STUCK:
            return "events wait to be taken up"
        return "messages wait for delivery" if queued and self._house.now() - queued > STUCK else ""

    def _figures(self) -> bytes:
        registry = CollectorRegistry()
        with self._house.store.reading() as connection:
            open_cases = list_cases(connection, open_only=True)
            oldest = oldest_queued(connection)
            aside, deliveries = count_aside(connection), count_deliveries(connection)
        waiting = max((self._house.now() - case.opened_at for case in open_cases), default=timedelta())
        Gauge("sasaeai_open_cases", "Cases that are open", registry=registry).set(len(open_cases))
        Gauge("sasaeai_oldest_case_seconds", "Age of the oldest open case", registry=registry).set(
            waiting.total_seconds()
        )
        unsent = (self._house.now() - oldest).total_seconds() if oldest else 0
        Gauge("sasaeai_oldest_unsent_seconds", "Age of the oldest message not sent", registry=registry).set(unsent)
        Gauge("sasaeai_events_aside", "Events that failed and wait for a person", registry=registry).set(aside)
        states = Gauge("sasaeai_deliveries", "Messages of platforms by state", ["state"], registry=registry)
        for state, count in deliveries.items():
            states.labels(state).set(count)
        return generate_latest(registry)


def _is_loopback(request: Request) -> bool:
    """Whether it was asked on this machine, and not through a proxy that stands on it."""
    proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    return not proxied and request.client is not None and ip_address(request.client.host).is_loopback
