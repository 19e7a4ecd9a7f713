"""Accounts of staff are made, closed and opened anew. What opens an account is shown once and kept as hashes."""

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
    """The account cannot be made or changed so; the message says why."""


@dataclass(frozen=True)
class Credentials:
    """What opens an account, to be handed to its owner once: a password, the address of the code, recovery codes."""

    password: str
    uri: str
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True)
class AccountAdmin:
    """Where accounts are kept, and who keeps them now."""

    store: Store
    keys: Keyring
    now: datetime
    by: str = CONSOLE


@dataclass(frozen=True)
class NewAccount:
    """Who is to get an account."""

    login: str
    name: str
    role: Role
    mail: str = ""
    telephone: str = ""


def make_account(office: AccountAdmin, wanted: NewAccount) -> Credentials:
    """A new account. Raises AccountError where the login is taken or empty."""
    login = wanted.login.strip()
    if not login or not wanted.name.strip():
        message = "login and name must not be empty"
        raise AccountError(message)
    account = Staff(new_id(), login, wanted.name.strip(), wanted.role, wanted.mail.strip(), wanted.telephone.strip())
    opener, known = _opener(login)

    def keep(connection: Connection) -> None:
        if find_staff(connection, login=login):
            message = f"the login {login} is taken"
            raise AccountError(message)
        add_staff(connection, office.keys, account, known, office.now)
        write_recovery_codes(connection, account.id, [hashed(plain_code(each)) for each in opener.recovery_codes])
        add_audit_entry(connection, AuditEntry(office.now, office.by, "staff-add", account.id, account.role))

    office.store.transaction(keep)
    return opener


def reset_account(office: AccountAdmin, login: str) -> Credentials:
    """A new password, code and recovery codes; every session ends, a closed account is open again."""
    opener, known = _opener(login)

    def reset(connection: Connection, account: Staff) -> None:
        write_secrets(connection, office.keys, account.id, known)
        write_recovery_codes(connection, account.id, [hashed(plain_code(each)) for each in opener.recovery_codes])
        disable_staff(connection, account.id, None)
        end_sessions(connection, staff_id=account.id)

    _on_account(office, login, "staff-reset", reset)
    return opener


def close_account(office: AccountAdmin, login: str) -> None:
    """Nobody signs in with it any more; its cases go back into the queue. Raises AccountError for the last admin."""

    def close(connection: Connection, account: Staff) -> None:
        others = [each for each in list_staff(connection) if each.role is Role.ADMIN and not each.is_disabled]
        if [each.id for each in others] == [account.id]:
            message = "this is the last 管理者: make another one first"
            raise AccountError(message)
        disable_staff(connection, account.id, office.now)
        end_sessions(connection, staff_id=account.id)
        end_leases_of(connection, account.id, office.now)

    _on_account(office, login, "staff-disable", close)


def _on_account(office: AccountAdmin, login: str, action: str, do: Callable[[Connection, Staff], None]) -> None:
    def work(connection: Connection) -> None:
        account = find_staff(connection, login=login)
        if account is None:
            message = f"there is no account {login}; see: python -m bot staff list"
            raise AccountError(message)
        do(connection, account)
        add_audit_entry(connection, AuditEntry(office.now, office.by, action, account.id))

    office.store.transaction(work)


def _opener(login: str) -> tuple[Credentials, Secrets]:
    password, totp = secrets.token_urlsafe(12), pyotp.random_base32()
    codes = tuple(f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES))
    uri = pyotp.TOTP(totp).provisioning_uri(name=login, issuer_name=ISSUER)
    return Credentials(password, uri, codes), Secrets(HASHER.hash(password), totp, 0)
