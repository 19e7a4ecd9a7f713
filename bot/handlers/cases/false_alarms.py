"""Review of messages whose cases were closed as 誤報 or いたずら."""

from sqlalchemy import Connection

from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.storage.cases.proposal_rows import ProposedCheck, delete_proposed, list_proposed
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry


def read_proposals(context: AppContext, staff: Staff) -> list[ProposedCheck]:
    """Messages to be reviewed, oldest first. Reading them is recorded in the audit trail."""
    with context.store.reading() as connection:
        proposals = list_proposed(connection, context.keys)
    now = context.clock()
    context.store.transaction(
        lambda connection: add_audit_entry(connection, AuditEntry(now, staff.id, "proposals-view"))
    )
    return proposals


def settle_proposal(context: AppContext, staff: Staff, proposal: str) -> None:
    """Remove a reviewed message from the list."""
    now = context.clock()

    def settle(connection: Connection) -> None:
        delete_proposed(connection, proposal)
        add_audit_entry(connection, AuditEntry(now, staff.id, "proposal-settled", proposal))

    context.store.transaction(settle)
