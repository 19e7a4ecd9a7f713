"""Create, reset and close staff accounts. Credentials are shown once and stored as hashes."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import Connection

from bot.domain.staff.permissions import Role, Staff
from bot.handlers.staff.passwords import HASHER, plain_code
from bot.storage.cases.case_rows import end_leases_of
from bot.storage.engine import Store
from bot.storage.identifiers import hashed, new_id
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import CONSOLE, AuditEntry, add_audit_entry
from bot.storage.staff.session_rows import end_sessions
from bot.storage.staff.staff_rows import (
    Secrets,
    add_staff,
    disable_staff,
    find_staff,
    list_staff,
    write_recovery_codes,
    write_secrets,
)

RECOVERY_CODES = 10
ISSUER = "sasaeai"


class AccountError(Exception):
    """The account cannot be created or changed like this; the message says why."""


@dataclass(frozen=True)
class Credentials:
    """Shown to the owner once. `uri`: the `otpauth://` address for an authenticator app."""

    password: str
    uri: str
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True)
class AccountAdmin:
    """Where accounts are stored, and who changes them (`by`: an account id or the console)."""

    store: Store
    keys: Keyring
    now: datetime
    by: str = CONSOLE


@dataclass(frozen=True)
class NewAccount:
    login: str
    name: str
    role: Role
    mail: str = ""
    telephone: str = ""


def make_account(admin: AccountAdmin, new: NewAccount) -> Credentials:
    """Raises AccountError if the login is taken, or login or name is empty."""
    login = new.login.strip()
    if not login or not new.name.strip():
        message = "login and name must not be empty"
        raise AccountError(message)
    account = Staff(new_id(), login, new.name.strip(), new.role, new.mail.strip(), new.telephone.strip())
    credentials, stored = _new_credentials(login)

    def insert(connection: Connection) -> None:
        if find_staff(connection, login=login):
            message = f"the login {login} is taken"
            raise AccountError(message)
        add_staff(connection, admin.keys, account, stored, admin.now)
        write_recovery_codes(connection, account.id, [hashed(plain_code(code)) for code in credentials.recovery_codes])
        add_audit_entry(connection, AuditEntry(admin.now, admin.by, "staff-add", account.id, account.role))

    admin.store.transaction(insert)
    return credentials


def reset_account(admin: AccountAdmin, login: str) -> Credentials:
    """Issue new credentials, end all sessions, reopen a closed account. Raises AccountError."""
    credentials, stored = _new_credentials(login)

    def reset(connection: Connection, account: Staff) -> None:
        write_secrets(connection, admin.keys, account.id, stored)
        write_recovery_codes(connection, account.id, [hashed(plain_code(code)) for code in credentials.recovery_codes])
        disable_staff(connection, account.id, None)
        end_sessions(connection, staff_id=account.id)

    _change_account(admin, login, "staff-reset", reset)
    return credentials


def close_account(admin: AccountAdmin, login: str) -> None:
    """Disable sign-in and return the account's cases to the queue. Raises AccountError for the last admin."""

    def close(connection: Connection, account: Staff) -> None:
        staff = list_staff(connection)
        admins = [member.id for member in staff if member.role is Role.ADMIN and not member.is_disabled]
        if admins == [account.id]:
            message = "this is the last 管理者: make another one first"
            raise AccountError(message)
        disable_staff(connection, account.id, admin.now)
        end_sessions(connection, staff_id=account.id)
        end_leases_of(connection, account.id, admin.now)

    _change_account(admin, login, "staff-disable", close)


def _change_account(admin: AccountAdmin, login: str, action: str, change: Callable[[Connection, Staff], None]) -> None:
    def work(connection: Connection) -> None:
        account = find_staff(connection, login=login)
        if account is None:
            message = f"there is no account {login}; see: python -m bot staff list"
            raise AccountError(message)
        change(connection, account)
        add_audit_entry(connection, AuditEntry(admin.now, admin.by, action, account.id))

    admin.store.transaction(work)


def _new_credentials(login: str) -> tuple[Credentials, Secrets]:
    password, totp = secrets.token_urlsafe(12), pyotp.random_base32()
    codes = tuple(f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES))
    uri = pyotp.TOTP(totp).provisioning_uri(name=login, issuer_name=ISSUER)
    return Credentials(password, uri, codes), Secrets(HASHER.hash(password), totp, 0)
