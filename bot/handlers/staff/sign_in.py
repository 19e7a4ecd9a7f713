"""Staff sign in with password and a code that opens once; failures make the next try wait. Sessions end when idle."""

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

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
STEP_SECONDS = 30
_FREE_TRIES = {"pair": 5, "login": 20, "source": 20}
"""Failures without a wait: of a login from an address, of a login, of an address. An office has one for many people."""
_LONGEST = {"pair": timedelta(minutes=15), "login": timedelta(minutes=1), "source": timedelta(minutes=5)}
"""Who knows a login must not keep its owner out."""
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$qppz6/54PBkV/qeXxB4Lcw$U/8/UFHyKuM7eKE0o6kLCOhtQzLiAEWTqHYhmCKYVuk"
"""Tried where there is no such account, so that the time tells nothing."""


class SignInError(Exception):
    """Login, password or code are not right; which one is not said."""


@dataclass(frozen=True)
class SignIn:
    """What was typed, and from which address (hashed)."""

    login: str
    password: str
    code: str
    source: str


def sign_in(context: AppContext, tried: SignIn) -> str:
    """A new session's token. Raises SignInError or TooManyTriesError."""
    now = context.clock()
    values = {"pair": f"{tried.login}\0{tried.source}", "login": tried.login, "source": tried.source}
    throttle = Throttle("sign-in", _FREE_TRIES, context.secret, values, _LONGEST)
    # Counted before it is looked at: many tries at once must not all pass the check of the first.
    context.store.transaction(lambda connection: throttle.begin(connection, now))
    with context.store.reading() as connection:
        account = find_staff(connection, login=tried.login)
        known = read_password(connection, account.id) if account else _NOBODYS
    right = _is_password(known, tried.password) and account is not None and not account.is_disabled
    token = secrets.token_urlsafe(32)

    def settle(connection: Connection) -> bool:
        opened = right and account is not None and _take_code(connection, context, account, tried.code)
        if opened:
            throttle.forgive(connection, now)
        if account:
            add_audit_entry(
                connection, AuditEntry(now, account.id, "sign-in" if opened else "sign-in-failed", account.id)
            )
        if opened and account:
            add_session(connection, hashed(token), account.id, now)
        return opened

    if not context.store.transaction(settle):
        raise SignInError
    return token


def signed_in(context: AppContext, token: str, *, acts: bool = True) -> Staff | None:
    """Who has this session, unless it is over. `acts`: somebody did something, so it is not idle."""
    if not token:
        return None
    now = context.clock()
    with context.store.reading() as connection:
        session = find_session(connection, hashed(token))
        account = find_staff(connection, staff_id=session.staff) if session else None
    if session is None or account is None or account.is_disabled:
        return None
    if now - session.seen_at > IDLE or now - session.begun_at > LONGEST:
        return None
    if acts and now - session.seen_at > timedelta(seconds=30):
        context.store.transaction(lambda connection: touch_session(connection, hashed(token), now))
    return account


def sign_out(context: AppContext, staff: Staff, token: str) -> None:
    """End this session."""

    def end(connection: Connection) -> None:
        end_sessions(connection, hashed=hashed(token))
        add_audit_entry(connection, AuditEntry(context.clock(), staff.id, "sign-out", staff.id))

    context.store.transaction(end)


def _take_code(connection: Connection, context: AppContext, account: Staff, code: str) -> bool:
    """Whether the code opens the account; then it never does again."""
    known = lock_secrets(connection, context.keys, account.id)
    plain = plain_code(code)
    totp, step = pyotp.TOTP(known.totp), int(context.clock().timestamp()) // STEP_SECONDS
    for each in (step - 1, step, step + 1):
        if each > known.totp_step and hmac.compare_digest(totp.at(each * STEP_SECONDS).encode(), plain.encode()):
            write_totp_step(connection, account.id, each)
            return True
    return use_recovery_code(connection, account.id, hashed(plain), context.clock())


def _is_password(known: str, password: str) -> bool:
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
