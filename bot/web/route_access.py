"""Who may use a route: declared where the route is registered, and stored on the route for tests."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.staff.permissions import Permission


class AnyRole(Enum):
    """Access for every member of staff with a session."""

    SIGNED_IN = "signed-in"


SIGNED_IN: Literal[AnyRole.SIGNED_IN] = AnyRole.SIGNED_IN


@dataclass(frozen=True)
class Public:
    """Access without a session, and why."""

    reason: str


RESIDENTS = Public("residents have no accounts: their cookie opens their own conversation only")

Endpoint = Callable[[Request], Awaitable[Response] | Response]
"""Starlette runs a plain function in a thread."""
StaffAccess = Permission | Literal[AnyRole.SIGNED_IN]
Access = StaffAccess | Public


class DeclaredRoute(Route):
    """A route that stores who may use it."""

    def __init__(self, path: str, endpoint: Endpoint, access: Access, methods: Sequence[str] = ("GET",)) -> None:
        super().__init__(path, endpoint, methods=list(methods))
        self.access = access


def public_route(path: str, endpoint: Endpoint, access: Public, methods: Sequence[str] = ("GET",)) -> DeclaredRoute:
    """A route without a guard."""
    return DeclaredRoute(path, endpoint, access, methods)
