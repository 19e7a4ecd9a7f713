"""Accounts of staff, their credentials and recovery codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from bot.domain.staff.permissions import Role, Staff
from bot.storage.identifiers import new_id
from bot.storage.schema.desk_schema import recovery_codes, staff
from bot.storage.sealing import Keyring, SealedField


@dataclass(frozen=True)
class Secrets:
    """Credentials: the password's hash, the secret of the time-based codes, the last accepted time step."""

    password: str
    totp: str
    totp_step: int


def add_staff(connection: Connection, keys: Keyring, account: Staff, secrets: Secrets, now: datetime) -> None:
    values = {
        "id": account.id,
        "login": account.login,
        "name": account.name,
        "role": account.role,
        "mail": account.mail,
        "telephone": account.telephone,
        "created_at": now,
    }
    connection.execute(insert(staff).values(values | _sealed(keys, account.id, secrets)))


def find_staff(connection: Connection, *, login: str = "", staff_id: str = "") -> Staff | None:
    """The account with this login or id."""
    matches = staff.c.login == login if login else staff.c.id == staff_id
    row = connection.execute(select(staff).where(matches)).first()
    return _staff(row) if row else None


def list_staff(connection: Connection) -> list[Staff]:
    """All accounts by login."""
    return [_staff(row) for row in connection.execute(select(staff).order_by(staff.c.login))]


def read_password(connection: Connection, staff_id: str) -> str:
    """The hash of the account's password."""
    return str(connection.execute(select(staff.c.password).where(staff.c.id == staff_id)).scalar_one())


def lock_secrets(connection: Connection, keys: Keyring, staff_id: str) -> Secrets:
    """The account's credentials, locked until the commit, so that codes are tried one at a time."""
    row = connection.execute(select(staff).where(staff.c.id == staff_id).with_for_update(key_share=True)).one()
    return Secrets(row.password, keys.open(_totp_place(staff_id), row.totp), row.totp_step)


def write_secrets(connection: Connection, keys: Keyring, staff_id: str, secrets: Secrets) -> None:
    connection.execute(update(staff).where(staff.c.id == staff_id).values(_sealed(keys, staff_id, secrets)))


def write_totp_step(connection: Connection, staff_id: str, step: int) -> None:
    """The time step of the last accepted code."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(totp_step=step))


def disable_staff(connection: Connection, staff_id: str, at: datetime | None) -> None:
    """Disable the account; None enables it again."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(disabled_at=at))


def write_recovery_codes(connection: Connection, staff_id: str, hashes: Iterable[str]) -> None:
    """Replace all recovery codes."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.staff_id == staff_id))
    for code in hashes:
        connection.execute(insert(recovery_codes).values(id=new_id(), staff_id=staff_id, code=code))


def use_recovery_code(connection: Connection, staff_id: str, hashed: str, now: datetime) -> bool:
    """Use a recovery code; returns whether it existed and was unused."""
    matches = (
        recovery_codes.c.staff_id == staff_id,
        recovery_codes.c.code == hashed,
        recovery_codes.c.used_at.is_(None),
    )
    return connection.execute(update(recovery_codes).where(*matches).values(used_at=now)).rowcount == 1


def _sealed(keys: Keyring, staff_id: str, secrets: Secrets) -> dict[str, object]:
    sealed = keys.seal(_totp_place(staff_id), secrets.totp)
    return {"password": secrets.password, "totp": sealed, "totp_step": secrets.totp_step}


def _totp_place(staff_id: str) -> SealedField:
    return SealedField("staff", staff_id, "totp")


def _staff(row: Row[Any]) -> Staff:
    disabled = row.disabled_at is not None
    return Staff(row.id, row.login, row.name, Role(row.role), row.mail, row.telephone, disabled)
