"""Identify visitors of the chat page by a random cookie that lasts 30 days; the database stores only its hash."""

import hashlib
import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "talk"
KEPT_SECONDS = 30 * 24 * 3600
_TOKEN_BYTES = 32
_LONGEST_TOKEN = 64


def token_of(request: Request) -> str:
    """The visitor's token; empty for someone who has not written yet."""
    token = request.cookies.get(COOKIE, "")
    return token if len(token) <= _LONGEST_TOKEN else ""


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def sender_of(token: str) -> str:
    """The visitor's id in the database: a hash, from which the cookie cannot be recovered."""
    return hashlib.sha256(token.encode()).hexdigest()


def event_of(sender: str, once: str) -> str:
    """The event id of a form: a form sent twice is one message, and two visitors never share an id."""
    return hashlib.sha256(f"{sender}\0{once}".encode()).hexdigest()


def source_of(request: Request, secret: bytes) -> str:
    """The visitor's IP address as a keyed hash, to detect floods without storing the address."""
    address = request.client.host if request.client else "unknown"
    return hmac.digest(secret, address.encode(), "sha256").hex()[:32]


def set_visitor_cookie(response: Response, token: str, *, is_https: bool) -> None:
    """Set the cookie for 30 more days."""
    response.set_cookie(COOKIE, token, max_age=KEPT_SECONDS, httponly=True, samesite="lax", secure=is_https, path="/")


def clear_visitor_cookie(response: Response) -> None:
    """Delete the cookie; the conversation stays in the database."""
    response.delete_cookie(COOKIE, path="/")
