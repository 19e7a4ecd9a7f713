"""The consultation desk: who looks after a case and until when, staff, their sessions, duty, audit and notices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_OPEN_CASE = "status IN ('waiting', 'claimed')"


def upgrade() -> None:
    """Give cases owners and clocks; add the tables of the desk. What waited gets its first alarm at once."""
    _cases()
    _staff()
    _duty()
    _audit()
    _notices()


def _add(table: str, *columns: sa.Column[object]) -> None:
    for column in columns:
        op.add_column(table, column)


def _cases() -> None:
    moment = sa.DateTime(timezone=True)
    _add(
        "cases",
        sa.Column("owner", sa.String(32), nullable=False, server_default=""),
        sa.Column("lease_until", moment),
        sa.Column("alarm_at", moment),
        sa.Column("alarms", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("unanswered_since", moment),
        sa.Column("first_answer_at", moment),
        sa.Column("closed_at", moment),
        sa.Column("reason", sa.String(16), nullable=False, server_default=""),
        sa.Column("told_at", moment),
        sa.Column("bot_answers", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_drill", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE cases SET alarm_at = opened_at, unanswered_since = opened_at WHERE status = 'waiting'")
    op.execute("UPDATE cases SET closed_at = changed_at WHERE status = 'cancelled'")
    op.create_index("ix_cases_alarm", "cases", ["status", "alarm_at"])
    op.create_index("ix_cases_lease", "cases", ["status", "lease_until"])
    op.drop_index("uq_cases_open", "cases")
    where = sa.text(_OPEN_CASE)
    op.create_index("uq_cases_open", "cases", ["resident_id"], unique=True, sqlite_where=where, postgresql_where=where)
    _add(
        "case_events",
        sa.Column("staff", sa.String(32), nullable=False, server_default=""),
        sa.Column("detail", sa.String(64), nullable=False, server_default=""),
        sa.Column("note", sa.LargeBinary()),
    )
    _add("outbound", sa.Column("author", sa.String(32), nullable=False, server_default=""))


def _staff() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("mail", sa.String(254), nullable=False, server_default=""),
        sa.Column("telephone", sa.String(32), nullable=False, server_default=""),
        sa.Column("password", sa.String(128), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("disabled_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.UniqueConstraint("login", name="uq_staff_login"),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("used_at", moment),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_recovery_codes_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_sessions_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
    )


def _duty() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "duty_people",
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.String(32), nullable=False),
        sa.Column("on_call", sa.Boolean(), nullable=False),
        sa.Column("absent_until", sa.Date()),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_duty_people_staff_id"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_duty_people"),
    )
    op.create_table(
        "special_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_special_days"),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.String(254), nullable=False),
        sa.Column("staff", sa.String(32), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_switches"),
    )


def _audit() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("staff", sa.String(32), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(128), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_about", "audit", ["about"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.execute("INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '')")


def _notices() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "staff_chats",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False, server_default=""),
        sa.Column("address", sa.LargeBinary()),
        sa.Column("staff_id", sa.String(32)),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("code_until", moment, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_chats_staff_id"),
        sa.UniqueConstraint("code", name="uq_staff_chats_code"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_chats"),
    )
    op.create_index("ix_staff_chats_lane", "staff_chats", ["channel", "lane"])
    op.create_table(
        "notices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32)),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("about", sa.String(32), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("leased_until", moment),
        sa.Column("fault", sa.String(32), nullable=False, server_default=""),
        sa.Column("ticket", sa.LargeBinary()),
        sa.Column("retry_key", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_notices_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_state", "notices", ["state", "due_at"])
