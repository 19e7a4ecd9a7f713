"""Residents, their messages in and out, cases and what happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_OPEN_CASE = sa.text("status IN ('waiting')")


def upgrade() -> None:
    """Create the five tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "residents",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("conversation", sa.LargeBinary()),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_residents"),
        sa.UniqueConstraint("channel", "sender", name="uq_residents_channel_sender"),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.String(6), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name="fk_cases_resident_id"),
    )
    op.create_index("ix_cases_source", "cases", ["source"])
    op.create_index(
        "uq_cases_open", "cases", ["resident_id"], unique=True, sqlite_where=_OPEN_CASE, postgresql_where=_OPEN_CASE
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32)),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("channel", "event", name="uq_inbound_channel_event"),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name="fk_inbound_resident_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_inbound_case_id"),
    )
    op.create_index("ix_inbound_talk", "inbound", ["resident_id", "received_at"])
    op.create_index("ix_inbound_source", "inbound", ["source", "received_at"])
    op.create_table(
        "outbound",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("inbound_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbound"),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name="fk_outbound_resident_id"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_outbound_inbound_id"),
    )
    op.create_index("ix_outbound_inbound", "outbound", ["inbound_id", "position"])
    op.create_index("ix_outbound_state", "outbound", ["state", "created_at"])
    op.create_table(
        "case_events",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_events"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_events_case_id"),
    )
    op.create_index("ix_case_events_case", "case_events", ["case_id", "at"])
