"""Upkeep: cases that are only counted any more, counts of messages by day, the audit's anchor after a purge."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what purging and reporting need."""
    op.add_column("cases", sa.Column("erased_at", sa.DateTime(timezone=True)))
    op.create_index("ix_cases_resident", "cases", ["resident_id"])
    op.create_index("ix_inbound_case", "inbound", ["case_id"])
    op.add_column("audit_head", sa.Column("anchor_number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("audit_head", sa.Column("anchor_hash", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", "name", name="pk_counts"),
    )
