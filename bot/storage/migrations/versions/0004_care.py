"""What care for a case needs more: quiet hours, joined cases, asking later, private pages, other devices, proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and tables. What stands in a case was heard."""
    _cases()
    op.add_column("inbound", sa.Column("heard", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE inbound SET heard = :yes WHERE case_id IS NOT NULL").bindparams(yes=True))
    _pages()
    _proposals()


def _cases() -> None:
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("taken_at", moment),
        sa.Column("for_other", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("joined_to", sa.String(32), nullable=False, server_default=""),
        sa.Column("quiet_from", sa.Integer()),
        sa.Column("quiet_until", sa.Integer()),
        sa.Column("ask_at", moment),
        sa.Column("asks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("found_help", sa.String(8), nullable=False, server_default=""),
    ):
        op.add_column("cases", column)
    op.create_index("ix_cases_ask", "cases", ["ask_at"])


def _pages() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "private_pages",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_private_pages_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_private_pages"),
    )
    op.create_table(
        "talk_codes",
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name="fk_talk_codes_resident_id"),
        sa.PrimaryKeyConstraint("resident_id", name="pk_talk_codes"),
    )
    op.create_table(
        "talk_devices",
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("resident_id", sa.String(32), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name="fk_talk_devices_resident_id"),
        sa.PrimaryKeyConstraint("sender", name="pk_talk_devices"),
    )


def _proposals() -> None:
    op.create_table(
        "proposed_checks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_proposed_checks_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_proposed_checks"),
    )
    op.create_index("ix_proposed_checks_case", "proposed_checks", ["case_id"])
