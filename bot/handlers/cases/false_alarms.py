"""An admin looks at what was closed as 誤報 or いたずら, and says that it was looked at."""

from sqlalchemy import Connection

from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.storage.cases.proposal_rows import ProposedCheck, drop_proposed, list_proposed
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry


def read_proposals(context: AppContext, staff: Staff) -> list[ProposedCheck]:
    """What waits to be looked at."""
    with context.store.reading() as connection:
        found = list_proposed(connection, context.keys)
    now = context.clock()
    context.store.transaction(
        lambda connection: add_audit_entry(connection, AuditEntry(now, staff.id, "proposals-view"))
    )
    return found


def settle_proposal(context: AppContext, staff: Staff, proposal: str) -> None:
    """It was looked at."""
    now = context.clock()

    def drop(connection: Connection) -> None:
        drop_proposed(connection, proposal)
        add_audit_entry(connection, AuditEntry(now, staff.id, "proposal-settled", proposal))

    context.store.transaction(drop)
