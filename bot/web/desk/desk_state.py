"""ボットの様子: the findings of `doctor` for an admin, in Japanese, without requests to platforms."""

from starlette.responses import Response

from bot.domain.operations.health_findings import HealthVerdict
from bot.domain.operations.health_texts import JAPANESE
from bot.domain.staff.permissions import Permission
from bot.handlers.app_context import AppContext
from bot.handlers.operations.health_report import Deployment, health_report
from bot.web.staff_guard import StaffGuard
from bot.web.staff_pages import StaffPages
from bot.web.staff_request import StaffRequest

_MARKS = {HealthVerdict.RIGHT: "right", HealthVerdict.LOOK: "look", HealthVerdict.ACT: "act"}
_WORST_FIRST = (HealthVerdict.ACT, HealthVerdict.LOOK, HealthVerdict.RIGHT)


class DeskState:
    """`/desk/state`."""

    def __init__(self, context: AppContext, guard: StaffGuard, pages: StaffPages) -> None:
        self._context = context
        self._pages = pages
        self.routes = [guard.route("/desk/state", self._show, Permission.SEE_STATE)]

    def _show(self, request: StaffRequest) -> Response:
        context = self._context
        deployment = Deployment(context.store.file, tuple(context.channels), context.is_https)
        findings = health_report(context, deployment, context.clock())
        findings.sort(key=lambda finding: _WORST_FIRST.index(finding.verdict))
        rows = [(_MARKS[finding.verdict], *JAPANESE[finding.name].of(finding)) for finding in findings]
        return self._pages.show(request, "state.html", rows=rows, now=context.clock())
