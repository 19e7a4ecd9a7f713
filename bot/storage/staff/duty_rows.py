"""The duty list, the special days, and the admin's switches."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select, update

from bot.domain.cases.duty_roster import DutyPerson, DutyRoster
from bot.domain.opening_hours import OpeningHours, SpecialDay
from bot.domain.switches import Switches
from bot.storage.insert_if_new import insert_if_new
from bot.storage.schema.desk_schema import duty_people, special_days, staff, switches


def read_roster(connection: Connection, hours: OpeningHours) -> DutyRoster:
    """The duty list in its order, without disabled accounts, and the special days."""
    query = (
        select(duty_people)
        .join(staff, staff.c.id == duty_people.c.staff_id)
        .where(staff.c.disabled_at.is_(None))
        .order_by(duty_people.c.position)
    )
    people = tuple(
        DutyPerson(row.staff_id, frozenset(row.weekdays.split()), row.on_call, row.absent_until)
        for row in connection.execute(query)
    )
    special = {row.day: SpecialDay(_times(row.times), row.reason) for row in connection.execute(select(special_days))}
    return DutyRoster(hours, people, special)


def write_people(connection: Connection, people: Sequence[DutyPerson]) -> None:
    """Replace the duty list, in this order."""
    connection.execute(delete(duty_people))
    for position, person in enumerate(people):
        values = {
            "staff_id": person.staff,
            "position": position,
            "weekdays": " ".join(sorted(person.weekdays)),
            "on_call": person.on_call,
            "absent_until": person.absent_until,
        }
        connection.execute(insert(duty_people).values(values))


def write_special_day(connection: Connection, day: date, special: SpecialDay | None) -> None:
    """Set a special day; None makes it an ordinary one again."""
    connection.execute(delete(special_days).where(special_days.c.day == day))
    if special:
        times = " ".join(f"{start}-{end}" for start, end in special.times)
        connection.execute(insert(special_days).values(day=day, times=times, reason=special.reason))


def read_switch(connection: Connection, name: str) -> str:
    """The value of a switch; empty if it was never set."""
    return connection.execute(select(switches.c.value).where(switches.c.name == name)).scalar() or ""


def read_switches(connection: Connection) -> Switches:
    """Every switch that is on."""
    return Switches({row.name: row.value for row in connection.execute(select(switches)) if row.value})


def write_switch(connection: Connection, name: str, value: str, by: str, at: datetime) -> None:
    values = {"name": name, "value": value, "staff": by, "at": at}
    if not insert_if_new(connection, switches, values):
        connection.execute(update(switches).where(switches.c.name == name).values(values))


def _times(written: str) -> tuple[tuple[int, int], ...]:
    pairs = (part.split("-") for part in written.split())
    return tuple((int(start), int(end)) for start, end in pairs)
