"""Continue a chat page conversation on another device: one-time codes, and the cookies of linked devices."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.residents_and_cases import cases, residents, talk_codes, talk_devices


def linked_sender(connection: Connection, sender: str) -> str:
    """The sender whose conversation this device shows: its own, unless it was linked to another."""
    query = select(residents.c.sender).join(talk_devices, talk_devices.c.resident_id == residents.c.id)
    return connection.execute(query.where(talk_devices.c.sender == sender)).scalar() or sender


def write_code(connection: Connection, resident: str, hashed: str, until: datetime) -> None:
    """Store the code for this conversation, in place of an earlier one."""
    values = {"resident_id": resident, "code": hashed, "until": until}
    if not insert_if_new(connection, talk_codes, values):
        connection.execute(update(talk_codes).where(talk_codes.c.resident_id == resident).values(values))


def use_code(connection: Connection, channel: str, number: str, hashed: str, now: datetime) -> str:
    """Use up the code; returns the resident, or empty if case number and code do not match."""
    query = (
        select(residents.c.id)
        .join(cases, cases.c.resident_id == residents.c.id)
        .where(residents.c.channel == channel, cases.c.number == number)
    )
    # Locked before its codes, in the same order as the purge.
    resident = connection.execute(query.with_for_update(read=True, key_share=True, of=residents)).scalar()
    if resident is None:
        return ""
    matches = (talk_codes.c.resident_id == resident, talk_codes.c.code == hashed, talk_codes.c.until > now)
    return str(resident) if connection.execute(delete(talk_codes).where(*matches)).rowcount else ""


def add_device(connection: Connection, resident: str, sender: str, now: datetime) -> None:
    """Link the device with this cookie to the conversation."""
    connection.execute(delete(talk_devices).where(talk_devices.c.sender == sender))
    insert_if_new(connection, talk_devices, {"sender": sender, "resident_id": resident, "begun_at": now})


def delete_devices_before(connection: Connection, before: datetime) -> None:
    """Delete codes that expired and devices that were linked before then."""
    connection.execute(delete(talk_codes).where(talk_codes.c.until < before))
    connection.execute(delete(talk_devices).where(talk_devices.c.begun_at < before))


def delete_all_codes(connection: Connection) -> None:
    """Linked devices stay linked."""
    connection.execute(delete(talk_codes))
