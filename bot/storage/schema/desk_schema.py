"""The schema of the desk: staff, their sessions, the duty list, the audit trail, chats."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from bot.storage.schema.column_types import Sealed, UtcTime, metadata, row_id, row_of

staff = Table(
    "staff",
    metadata,
    row_id(),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("mail", String(254), nullable=False, server_default=""),
    Column("telephone", String(32), nullable=False, server_default=""),
    Column("password", String(128), nullable=False),
    Column("totp", Sealed, nullable=False),
    # The last time step whose code was accepted: each code works once.
    Column("totp_step", Integer, nullable=False, server_default="0"),
    Column("disabled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    row_id(),
    row_of("staff_id", "staff.id"),
    Column("code", String(64), nullable=False),
    Column("used_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    # The hash of the cookie: nobody can take over a session with the database alone.
    Column("id", String(64), primary_key=True),
    row_of("staff_id", "staff.id"),
    Column("begun_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

# Failed sign-ins by login and by address (both as keyed hashes). Stored, so that a restart does not reset them.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

duty_people = Table(
    "duty_people",
    metadata,
    Column("staff_id", String(32), ForeignKey("staff.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("weekdays", String(32), nullable=False),
    Column("on_call", Boolean, nullable=False),
    Column("absent_until", Date),
)

special_days = Table(
    "special_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("times", String(64), nullable=False),
    Column("reason", String(128), nullable=False),
)

# Who did what, each row chained to the previous one by its hash; the head is locked while a row is added.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("staff", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("about", String(32), nullable=False),
    Column("detail", String(128), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_about", "about"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    # The last purged row at the old end: the chain begins after it.
    Column("anchor_number", Integer, nullable=False, server_default="0"),
    Column("anchor_hash", String(64), nullable=False, server_default=""),
)

# City-wide switches set by an admin, and who set them last.
switches = Table(
    "switches",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(254), nullable=False),
    Column("staff", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Platform chats in which staff are notified. `staff_id` is empty for a group.
staff_chats = Table(
    "staff_chats",
    metadata,
    row_id(),
    Column("channel", String(16), nullable=False),
    Column("lane", String(32), nullable=False, server_default=""),
    Column("address", Sealed),
    row_of("staff_id", "staff.id", nullable=True),
    # The hash of the one-time code that is written in the chat.
    Column("code", String(64), nullable=False, unique=True),
    Column("code_until", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_staff_chats_lane", "channel", "lane"),
)

# Checks proposed to an admin: messages of cases that were closed as 誤報 or いたずら.
proposed_checks = Table(
    "proposed_checks",
    metadata,
    row_id(),
    row_of("case_id", "cases.id"),
    Column("reason", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("words", Sealed, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_proposed_checks_case", "case_id"),
)
