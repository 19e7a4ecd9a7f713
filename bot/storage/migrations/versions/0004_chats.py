"""Messages in doubt: what is still tried has a state of its own, and `unknown` is an end."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """What was unknown until now was still tried, but for what had nobody to go to."""
    op.execute("UPDATE outbound SET state = 'doubtful' WHERE state = 'unknown' AND fault <> 'in-doubt'")
