"""Practice cases: created by staff, marked as such, in no statistics, and never sent."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.cases.case import Arrived, Case, CaseWish, opened
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.messages import Inbound, Reply, Route
from bot.domain.staff.permissions import Staff
from bot.domain.understanding.kinds import Kind, Signal
from bot.domain.understanding.normalise import clean_input
from bot.handlers.app_context import AppContext
from bot.handlers.cases.apply_to_case import read_case_standing
from bot.storage.cases.case_rows import open_case
from bot.storage.conversation.message_rows import Filed, add_inbound
from bot.storage.conversation.resident_rows import lock_resident
from bot.storage.delivery.outbox_rows import OutboundAnswer, add_outbound
from bot.storage.identifiers import new_id

DRILL = "drill"
"""The channel of the drills' fictitious residents."""


def start_drill(context: AppContext, staff: Staff, kind: Kind, words: str) -> Case:
    """Create a case of this kind, opened by a message with these words."""
    now, who = context.clock(), new_id()
    message = Inbound(DRILL, who, who, clean_input(words).strip(), now, source=f"drill-{staff.id}"[:32])

    def make(connection: Connection) -> Case:
        resident = lock_resident(connection, DRILL, who, now)
        standing = read_case_standing(connection, context, resident, message)
        arrived = Arrived(now, resident, message.source)
        case = opened(new_id(), standing.number, CaseWish(kind.id, kind.urgency), arrived, standing.roster)
        case = replace(case, is_drill=True)
        open_case(connection, context.keys, case, staff.id)
        row = add_inbound(connection, context.keys, resident, message, Filed(case.id, heard=True))
        writer = ReplyWriter.of(context.content.catalog, standing.moment(now))
        reply = _reply(writer, kind)
        add_outbound(connection, context.keys, OutboundAnswer(resident, row, reply, now, urgent=True))
        return case

    return context.store.transaction(make)


def _reply(writer: ReplyWriter, kind: Kind) -> Reply:
    if kind.urgency is Route.EMERGENCY:
        return writer.crisis.emergency((Signal(kind.id, kind.urgency),))
    return writer.crisis.desk(kind.id)
