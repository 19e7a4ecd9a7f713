"""`/healthz` for an orchestrator and `/metrics` for Prometheus."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.handlers.app_context import AppContext
from bot.storage.delivery.queue_stats import Figures, overdue, read_figures
from bot.web.route_access import Public, public_route

log = structlog.get_logger()

STUCK = timedelta(seconds=60)


class Health:
    """`/healthz`, `/metrics`."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self.routes = [
            public_route("/healthz", self._healthz, Public("an orchestrator asks; the answer has no figures")),
            public_route("/metrics", self._metrics, Public("loopback, or a token of METRICS_TOKEN; else 404")),
        ]

    def _healthz(self, _request: Request) -> Response:
        """200 if the database answers and every due event, message and case timer was tried within a minute.

        503 makes an orchestrator restart the process, so it is not returned when a platform or mail server is down:
        messages are retried, and `/metrics` shows for how long.
        """
        try:
            fault = self._fault()
        except SQLAlchemyError as error:
            log.error("database_does_not_answer", error=type(error).__name__)
            fault = "the database does not answer"
        status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
        return JSONResponse({"status": "failing" if fault else "ok", "fault": fault}, status)

    def _metrics(self, request: Request) -> Response:
        """Figures without personal data, for this machine or with a token of METRICS_TOKEN."""
        if not (_is_loopback(request) or self._has_token(request)):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return Response(self._figures(), media_type=CONTENT_TYPE_LATEST)

    def _has_token(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        return any(hmac.compare_digest(sent, token.encode()) for token in self._context.metrics_tokens)

    def _fault(self) -> str:
        with self._context.store.reading() as connection:
            return overdue(connection, tuple(self._context.channels), self._context.clock() - STUCK)

    def _figures(self) -> bytes:
        with self._context.store.reading() as connection:
            return render_metrics(read_figures(connection), self._context.clock())


def render_metrics(figures: Figures, now: datetime) -> bytes:
    """The figures in Prometheus format. Ages are in seconds, 0 if nothing waits."""

    def age(since: datetime | None) -> float:
        return (now - since).total_seconds() if since else 0

    plain = {
        "open_cases": ("Cases that are open", figures.open_cases.total()),
        "oldest_case_seconds": ("Age of the oldest open case", age(figures.oldest_case)),
        "oldest_unclaimed_seconds": ("Since when the case waits that nobody took", age(figures.oldest_unclaimed)),
        "oldest_unsent_seconds": ("Age of the oldest message not sent", age(figures.oldest_unsent)),
        "oldest_event_seconds": ("Age of the oldest event not taken up", age(figures.oldest_event)),
        "events_aside": ("Events that failed and wait for a person", figures.dead_letters),
        "cases_without_way": ("Open cases whose resident nothing can be sent to", figures.cases_without_way),
    }
    by: dict[str, tuple[str, str, Mapping[str, int]]] = {
        "open_cases_by_urgency": ("Cases that are open, by urgency", "urgency", figures.open_cases),
        "deliveries": ("Messages of platforms by state", "state", figures.deliveries),
        "notices": ("Notices to staff by state", "state", figures.notices),
    }
    registry = CollectorRegistry()
    for name, (help_text, value) in plain.items():
        Gauge(f"sasaeai_{name}", help_text, registry=registry).set(value)
    for name, (help_text, label, counts) in by.items():
        gauge = Gauge(f"sasaeai_{name}", help_text, [label], registry=registry)
        for key, count in counts.items():
            gauge.labels(key).set(count)
    return generate_latest(registry)


def _is_loopback(request: Request) -> bool:
    """Whether the request comes from this machine, and not through a proxy on it."""
    proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    return not proxied and request.client is not None and ip_address(request.client.host).is_loopback
