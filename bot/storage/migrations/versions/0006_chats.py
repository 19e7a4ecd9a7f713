"""Messages in doubt have a state of their own while they are tried; notices in chats are written anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """What was unknown until now was still tried, but for what had nobody to go to. Old notices stay as they are."""
    op.execute("UPDATE outbound SET state = 'doubtful' WHERE state = 'unknown' AND fault <> 'in-doubt'")
    for name, length in (("message", 64), ("shown", 48)):
        op.add_column("notices", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.create_index("ix_notices_message", "notices", ["recipient", "message"])
