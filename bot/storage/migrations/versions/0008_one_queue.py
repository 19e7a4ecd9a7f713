"""One queue of what goes out: notices to staff move into the table of answers to residents."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_NOTICES = "recipient <> ''"
_NAMES = "id, case_id, recipient, why, about, state, attempts, created_at, due_at, leased_until, fault, retry_key"


def upgrade() -> None:
    """Notices go on where they stood: what waits is sent, what was sent is kept true.

    A ticket (the free answer to a press, for a minute) is sealed for its old place and is left behind: what waits with
    one is pushed.
    """
    with op.batch_alter_table("outbound") as outbound:
        outbound.alter_column("resident_id", existing_type=sa.String(32), nullable=True)
        outbound.alter_column("inbound_id", existing_type=sa.String(32), nullable=True)
        outbound.alter_column("reply", existing_type=sa.LargeBinary(), nullable=True)
        outbound.add_column(sa.Column("case_id", sa.String(32)))
        outbound.create_foreign_key("fk_outbound_case_id", "cases", ["case_id"], ["id"])
        for name, length in (("recipient", 254), ("why", 16), ("about", 32), ("message", 64), ("shown", 48)):
            outbound.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.execute(
        sa.text(
            f"INSERT INTO outbound ({_NAMES}, message, shown, position, urgent, ticket_at, channel) "  # noqa: S608 -- our own names
            f"SELECT {_NAMES}, message, shown, 0, :urgent, created_at, coalesce("
            "(SELECT channel FROM staff_chats WHERE notices.recipient = 'chat:' || staff_chats.id), 'mail') "
            "FROM notices"
        ).bindparams(sa.bindparam("urgent", value=True, type_=sa.Boolean()))
    )
    op.drop_table("notices")
    notices = sa.text(_NOTICES)
    op.create_index("ix_outbound_case", "outbound", ["case_id"])
    for name, columns in (("notices", ["state", "due_at"]), ("message", ["recipient", "message"])):
        op.create_index(f"ix_outbound_{name}", "outbound", columns, sqlite_where=notices, postgresql_where=notices)
