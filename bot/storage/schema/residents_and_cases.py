"""The schema of residents, their messages and cases; staff and the desk are in `desk_schema`."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
    literal_column,
    text,
    true,
)

from bot.storage.schema.column_types import Sealed, UtcTime, metadata, row_id, row_of

NOTICES = "recipient <> ''"
OPEN_CASE = "status IN ('waiting', 'claimed')"

residents = Table(
    "residents",
    metadata,
    row_id(),
    Column("channel", String(16), nullable=False),
    # The web: a hash of the cookie. A platform: its own id of the person, sealed, with a hash to find it by.
    Column("sender", String(64), nullable=False),
    Column("address", Sealed),
    Column("reachable", Boolean, nullable=False, server_default=true()),
    Column("conversation", Sealed),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    UniqueConstraint("channel", "sender"),
)

cases = Table(
    "cases",
    metadata,
    row_id(),
    Column("number", String(6), nullable=False, unique=True),
    row_of("resident_id", "residents.id"),
    Column("kind", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("source", String(32), nullable=False, index=True),
    Column("opened_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("owner", String(32), nullable=False, server_default=""),
    Column("lease_until", UtcTime),
    Column("alarm_at", UtcTime),
    Column("alarms", Integer, nullable=False, server_default="0"),
    Column("unanswered_since", UtcTime),
    Column("first_answer_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("reason", String(16), nullable=False, server_default=""),
    Column("told_at", UtcTime),
    Column("bot_answers", Boolean, nullable=False, server_default=false()),
    Column("is_drill", Boolean, nullable=False, server_default=false()),
    Column("taken_at", UtcTime),
    Column("for_other", Boolean, nullable=False, server_default=false()),
    Column("joined_to", String(32), nullable=False, server_default=""),
    Column("quiet_from", Integer),
    Column("quiet_until", Integer),
    Column("ask_at", UtcTime),
    Column("asks", Integer, nullable=False, server_default="0"),
    Column("found_help", String(8), nullable=False, server_default=""),
    # When its words were erased; the row stays for the statistics.
    Column("erased_at", UtcTime),
    Index("ix_cases_resident", "resident_id"),
    Index("ix_cases_alarm", "status", "alarm_at"),
    Index("ix_cases_lease", "status", "lease_until"),
    Index("ix_cases_ask", "ask_at"),
    Index(
        "uq_cases_open",
        "resident_id",
        unique=True,
        sqlite_where=text(OPEN_CASE),
        postgresql_where=text(OPEN_CASE),
    ),
)

inbound = Table(
    "inbound",
    metadata,
    row_id(),
    row_of("resident_id", "residents.id"),
    row_of("case_id", "cases.id", nullable=True),
    Column("channel", String(16), nullable=False),
    Column("event", String(64), nullable=False),
    Column("kind", String(16), nullable=False, server_default="text"),
    Column("message", String(64), nullable=False, server_default=""),
    Column("source", String(32), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("words", Sealed, nullable=False),
    # Whether triage had a hit: a message that raised an alarm is not read again with the next part.
    Column("heard", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("channel", "event"),
    Index("ix_inbound_message", "channel", "message"),
    Index("ix_inbound_case", "case_id"),
    Index("ix_inbound_talk", "resident_id", "received_at"),
    Index("ix_inbound_source", "source", "received_at"),
)

# The one queue of what goes out: answers to residents, and what staff are told (never a word of anybody).
outbound = Table(
    "outbound",
    metadata,
    row_id(),
    # An answer: whose, to which message, and what it says. A notice is written when it is sent and has none of them.
    row_of("resident_id", "residents.id", nullable=True),
    row_of("inbound_id", "inbound.id", nullable=True),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("reply", Sealed),
    # A notice: to whom (empty for an answer), about which case, why, and the member of staff whom it names.
    Column("recipient", String(254), nullable=False, server_default=""),
    row_of("case_id", "cases.id", nullable=True),
    Column("why", String(16), nullable=False, server_default=""),
    Column("about", String(32), nullable=False, server_default=""),
    # The platform's id of the notice, where it can be written anew, and what of the case stands in it.
    Column("message", String(64), nullable=False, server_default=""),
    Column("shown", String(48), nullable=False, server_default=""),
    # Over what it goes out (`domain/delivery/delivery_rules.py`): a platform, or the mail; empty on the web.
    Column("channel", String(16), nullable=False, server_default=""),
    Column("leaves", Boolean, nullable=False, server_default=false()),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("as_text", Boolean, nullable=False, server_default=false()),
    Column("ticket", Sealed),
    Column("ticket_at", UtcTime),
    Column("retry_key", String(36), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("in_doubt", Boolean, nullable=False, server_default=false()),
    Column("pushed_at", UtcTime),
    Column("pushed_in_doubt", Boolean, nullable=False, server_default=false()),
    Column("due_at", UtcTime),
    Column("leased_until", UtcTime),
    Column("fault", String(32), nullable=False, server_default=""),
    # Its author: a member of staff, or the bot.
    Column("author", String(32), nullable=False, server_default=""),
    Index("ix_outbound_inbound", "inbound_id", "position"),
    Index("ix_outbound_state", "state", "created_at"),
    Index("ix_outbound_resident", "resident_id", "state"),
    Index("ix_outbound_case", "case_id"),
    # Notices are few among answers: what looks for them alone (`is_notice`) passes over the rest.
    Index("ix_outbound_notices", "state", "due_at", sqlite_where=text(NOTICES), postgresql_where=text(NOTICES)),
    Index("ix_outbound_message", "recipient", "message", sqlite_where=text(NOTICES), postgresql_where=text(NOTICES)),
)

is_notice = outbound.c.recipient != literal_column("''")
"""In the words of the indexes that hold notices alone."""

# Platform events, stored before they are answered 200. Handled events keep their key and lose their words.
inbox = Table(
    "inbox",
    metadata,
    row_id(),
    Column("channel", String(16), nullable=False),
    Column("key", String(64), nullable=False),
    Column("lane", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("message", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("happened_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_by", String(32), nullable=False, server_default=""),
    Column("leased_until", UtcTime),
    Column("fault", String(64), nullable=False, server_default=""),
    Column("raw", Sealed),
    UniqueConstraint("channel", "key"),
    Index("ix_inbox_lane", "state", "channel", "lane"),
    Index("ix_inbox_message", "channel", "message"),
    Index("ix_inbox_received", "channel", "received_at"),
)

# How many messages of a day had which outcome; kept for ever, and anonymous.
counts = Table(
    "counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
)

case_events = Table(
    "case_events",
    metadata,
    row_id(),
    row_of("case_id", "cases.id"),
    Column("action", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("staff", String(32), nullable=False, server_default=""),
    Column("detail", String(64), nullable=False, server_default=""),
    Column("note", Sealed),
    Index("ix_case_events_case", "case_id", "at"),
)

# Private forms for what should not be written on a platform: each opens once, until it expires.
private_pages = Table(
    "private_pages",
    metadata,
    # The hash of the secret in the link.
    Column("id", String(64), primary_key=True),
    row_of("case_id", "cases.id"),
    Column("until", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

# A page conversation on another device: a code that was shown once, and the cookies of the linked devices.
talk_codes = Table(
    "talk_codes",
    metadata,
    Column("resident_id", String(32), ForeignKey("residents.id"), primary_key=True),
    Column("code", String(64), nullable=False),
    Column("until", UtcTime, nullable=False),
)

talk_devices = Table(
    "talk_devices",
    metadata,
    # The other device's key, a hash of its cookie like `residents.sender`.
    Column("sender", String(64), primary_key=True),
    row_of("resident_id", "residents.id"),
    Column("begun_at", UtcTime, nullable=False),
)
