"""Staff sign-in with password and one-time code, throttled after failures. Sessions end when idle."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.passwords import HASHER, plain_code
from bot.handlers.staff.throttle import Throttle
from bot.storage.identifiers import hashed
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry
from bot.storage.staff.session_rows import add_session, end_sessions, find_session, touch_session
from bot.storage.staff.staff_rows import find_staff, lock_secrets, read_password, use_recovery_code, write_totp_step

MAX_IDLE = timedelta(minutes=15)
MAX_SESSION = timedelta(hours=12)
STEP_SECONDS = 30
_FREE_TRIES = {"pair": 5, "login": 20, "source": 20}
"""Failures without a wait, per login and address, login, and address. Many people share an office's address."""
_MAX_WAIT = {"pair": timedelta(minutes=15), "login": timedelta(minutes=1), "source": timedelta(minutes=5)}
"""Longest waits: somebody who knows only a login must not be able to lock its owner out."""
_DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$qppz6/54PBkV/qeXxB4Lcw$U/8/UFHyKuM7eKE0o6kLCOhtQzLiAEWTqHYhmCKYVuk"
"""Verified when there is no such account, so that response time does not reveal it."""


class SignInError(Exception):
    """Login, password or code is wrong; deliberately not said which."""


@dataclass(frozen=True)
class SignIn:
    """A sign-in form. `source`: hash of the client's address."""

    login: str
    password: str
    code: str
    source: str


def sign_in(context: AppContext, attempt: SignIn) -> str:
    """Token of a new session. Raises SignInError, TooManyTriesError."""
    now = context.clock()
    values = {"pair": f"{attempt.login}\0{attempt.source}", "login": attempt.login, "source": attempt.source}
    throttle = Throttle("sign-in", _FREE_TRIES, context.secret, values, _MAX_WAIT)
    # Counted before it is looked at: many tries at once must not all pass the check of the first.
    context.store.transaction(lambda connection: throttle.begin_attempt(connection, now))
    with context.store.reading() as connection:
        account = find_staff(connection, login=attempt.login)
        known = read_password(connection, account.id) if account else _DUMMY_HASH
    is_right = _is_password(known, attempt.password) and account is not None and not account.is_disabled
    token = secrets.token_urlsafe(32)

    def finish(connection: Connection) -> bool:
        opened = is_right and account is not None and _use_code(connection, context, account, attempt.code)
        if opened:
            throttle.reset(connection, now)
        if account:
            add_audit_entry(
                connection, AuditEntry(now, account.id, "sign-in" if opened else "sign-in-failed", account.id)
            )
        if opened and account:
            add_session(connection, hashed(token), account.id, now)
        return opened

    if not context.store.transaction(finish):
        raise SignInError
    return token


def signed_in(context: AppContext, token: str, *, acts: bool = True) -> Staff | None:
    """Owner of the session; None if it has ended. `acts`: count this as activity (not for background polling)."""
    if not token:
        return None
    now = context.clock()
    with context.store.reading() as connection:
        session = find_session(connection, hashed(token))
        account = find_staff(connection, staff_id=session.staff) if session else None
    if session is None or account is None or account.is_disabled:
        return None
    if now - session.seen_at > MAX_IDLE or now - session.begun_at > MAX_SESSION:
        return None
    if acts and now - session.seen_at > timedelta(seconds=30):
        context.store.transaction(lambda connection: touch_session(connection, hashed(token), now))
    return account


def sign_out(context: AppContext, staff: Staff, token: str) -> None:
    def end(connection: Connection) -> None:
        end_sessions(connection, hashed=hashed(token))
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, "sign-out", staff.id))

    context.store.transaction(end)


def _use_code(connection: Connection, context: AppContext, account: Staff, code: str) -> bool:
    """Whether the code is valid; a valid one is used up."""
    known = lock_secrets(connection, context.keys, account.id)
    plain = plain_code(code)
    totp, step = pyotp.TOTP(known.totp), int(context.clock().timestamp()) // STEP_SECONDS
    for candidate in (step - 1, step, step + 1):
        expected = totp.at(candidate * STEP_SECONDS).encode()
        if candidate > known.totp_step and hmac.compare_digest(expected, plain.encode()):
            write_totp_step(connection, account.id, candidate)
            return True
    return use_recovery_code(connection, account.id, hashed(plain), context.clock())


def _is_password(known: str, password: str) -> bool:
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
