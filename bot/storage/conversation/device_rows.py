"""A talk of the page on another device: a code that opens it once, and the cookies for which it was opened."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.residents_and_cases import cases, residents, talk_codes, talk_devices


def sender_behind(connection: Connection, sender: str) -> str:
    """Whose talk this device shows: its own, unless another one's was opened on it."""
    query = select(residents.c.sender).join(talk_devices, talk_devices.c.resident_id == residents.c.id)
    return connection.execute(query.where(talk_devices.c.sender == sender)).scalar() or sender


def write_code(connection: Connection, resident: str, hashed: str, until: datetime) -> None:
    """The code that opens this talk elsewhere, in place of the one before."""
    values = {"resident_id": resident, "code": hashed, "until": until}
    if not insert_if_new(connection, talk_codes, values):
        connection.execute(update(talk_codes).where(talk_codes.c.resident_id == resident).values(values))


def use_code(connection: Connection, channel: str, number: str, hashed: str, now: datetime) -> str:
    """The resident with this case number and code, which opens nothing any more; empty where they do not fit."""
    query = (
        select(residents.c.id)
        .join(cases, cases.c.resident_id == residents.c.id)
        .where(residents.c.channel == channel, cases.c.number == number)
    )
    # Held before its codes are touched, as the purge does.
    resident = connection.execute(query.with_for_update(read=True, key_share=True, of=residents)).scalar()
    if resident is None:
        return ""
    mine = (talk_codes.c.resident_id == resident, talk_codes.c.code == hashed, talk_codes.c.until > now)
    return str(resident) if connection.execute(delete(talk_codes).where(*mine)).rowcount else ""


def add_device(connection: Connection, resident: str, sender: str, now: datetime) -> None:
    """Show this talk on the device with that cookie."""
    connection.execute(delete(talk_devices).where(talk_devices.c.sender == sender))
    insert_if_new(connection, talk_devices, {"sender": sender, "resident_id": resident, "begun_at": now})


def delete_devices_before(connection: Connection, before: datetime) -> None:
    """Forget codes and cookies that are older than a talk is found again."""
    connection.execute(delete(talk_codes).where(talk_codes.c.until < before))
    connection.execute(delete(talk_devices).where(talk_devices.c.begun_at < before))


def end_every_code(connection: Connection) -> None:
    """No code that was shown opens a talk any more; devices on which it was opened stay."""
    connection.execute(delete(talk_codes))
