"""The request passed to a staff page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from bot.domain.staff.permissions import Staff


@dataclass(frozen=True)
class StaffRequest:
    """A request of a signed-in member of staff; `form` is empty if none was sent."""

    path_params: Mapping[str, Any]
    query_params: Mapping[str, str]
    staff: Staff
    token: str
    csrf: str
    form: FormData

    def field(self, name: str) -> str:
        """A text field of the form; empty if missing."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""
