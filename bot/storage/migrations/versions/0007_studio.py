"""The studio: revisions of the content, the draft, its proofs, and what was not understood."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables of the studio; the first revision is made by the server that finds none."""
    _revisions()
    _draft()
    _learning()


def _text(name: str, length: int, **more: object) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, **more)  # type: ignore[arg-type]


def _number(name: str, **more: object) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, **more)  # type: ignore[arg-type]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _revisions() -> None:
    op.create_table(
        "contents",
        _text("digest", 32),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_contents"),
    )
    op.create_table(
        "revisions",
        _number("number", autoincrement=False),
        _text("digest", 32),
        _text("shipped", 32),
        _text("way", 16),
        _text("author", 32),
        _text("second_reader", 32),
        _text("reason", 500),
        _moment("at"),
        sa.PrimaryKeyConstraint("number", name="pk_revisions"),
        sa.ForeignKeyConstraint(["digest"], ["contents.digest"], name="fk_revisions_digest"),
        sa.ForeignKeyConstraint(["shipped"], ["contents.digest"], name="fk_revisions_shipped"),
    )


def _draft() -> None:
    op.create_table(
        "draft_files",
        _text("file", 128),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("file", name="pk_draft_files"),
    )
    op.create_table(
        "draft_edits",
        _number("number", autoincrement=False),
        _text("file", 128),
        _text("name", 256),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        _text("staff", 32),
        _moment("at"),
        _number("revision"),
        _number("undone_by", server_default="0"),
        sa.PrimaryKeyConstraint("number", name="pk_draft_edits"),
    )
    op.create_index("ix_draft_edits_place", "draft_edits", ["file", "name", "number"])
    op.create_table(
        "proofs",
        _text("digest", 32),
        _number("base"),
        _text("state", 16),
        _number("step"),
        _text("asked_by", 32),
        _moment("asked_at"),
        _moment("leased_until", nullable=True),
        sa.Column("found", sa.LargeBinary()),
        _text("wanted_by", 32, server_default=""),
        _moment("wanted_at", nullable=True),
        _text("reason", 500, server_default=""),
        sa.PrimaryKeyConstraint("digest", name="pk_proofs"),
    )


def _learning() -> None:
    op.create_table(
        "unclear_groups",
        _text("id", 32),
        _number("count"),
        _moment("first_at"),
        _moment("last_at"),
        _text("state", 16),
        sa.PrimaryKeyConstraint("id", name="pk_unclear_groups"),
    )
    op.create_index("ix_unclear_groups_state", "unclear_groups", ["state", "count"])
    op.create_table(
        "unclear",
        _text("id", 32),
        sa.Column("group_id", sa.String(32)),
        _text("inbound", 32),
        _text("why", 16),
        _text("entry", 32, server_default=""),
        _moment("at"),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unclear"),
        sa.ForeignKeyConstraint(["group_id"], ["unclear_groups.id"], name="fk_unclear_group_id"),
    )
    op.create_index("ix_unclear_group", "unclear", ["group_id", "at"])
    op.create_index("ix_unclear_at", "unclear", ["at"])
    op.create_index("ix_unclear_inbound", "unclear", ["inbound"])
    op.create_table(
        "verdicts",
        _text("entry", 32),
        _text("verdict", 16),
        _number("count"),
        sa.PrimaryKeyConstraint("entry", "verdict", name="pk_verdicts"),
    )
