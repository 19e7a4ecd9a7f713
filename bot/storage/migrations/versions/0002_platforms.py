"""Platforms: events kept before they are answered, and what a message needs on its way out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the inbox, addresses of residents, kinds of messages, and the state of deliveries."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("happened_at", moment, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("leased_by", sa.String(32), nullable=False, server_default=""),
        sa.Column("leased_until", moment),
        sa.Column("fault", sa.String(64), nullable=False, server_default=""),
        sa.Column("raw", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("channel", "key", name="uq_inbox_channel_key"),
    )
    op.create_index("ix_inbox_lane", "inbox", ["state", "channel", "lane"])
    op.create_index("ix_inbox_message", "inbox", ["channel", "message"])
    op.create_index("ix_inbox_received", "inbox", ["channel", "received_at"])
    _add(
        "residents",
        sa.Column("address", sa.LargeBinary()),
        sa.Column("reachable", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    _add(
        "inbound",
        sa.Column("kind", sa.String(16), nullable=False, server_default="text"),
        sa.Column("message", sa.String(64), nullable=False, server_default=""),
    )
    op.create_index("ix_inbound_message", "inbound", ["channel", "message"])
    _add(
        "outbound",
        sa.Column("channel", sa.String(16), nullable=False, server_default=""),
        sa.Column("leaves", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("as_text", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("ticket", sa.LargeBinary()),
        sa.Column("ticket_at", moment),
        sa.Column("retry_key", sa.String(36), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("pushed_at", moment),
        sa.Column("pushed_in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due_at", moment),
        sa.Column("leased_until", moment),
        sa.Column("fault", sa.String(32), nullable=False, server_default=""),
    )
    op.create_index("ix_outbound_resident", "outbound", ["resident_id", "state"])


def _add(table: str, *columns: "sa.Column[object]") -> None:
    for column in columns:
        op.add_column(table, column)
