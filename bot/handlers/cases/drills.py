"""A case for practice: made by staff, marked everywhere, counted nowhere, sent to nobody."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.cases.case import Arrived, Case, CaseWish, opened
from bot.domain.conversation.replies import Writer
from bot.domain.messages import Inbound, Reply, Route
from bot.domain.staff.permissions import Deed, Staff, require
from bot.domain.understanding.normalise import at_the_door
from bot.domain.understanding.triage import Kind, Signal
from bot.handlers.app_context import AppContext
from bot.handlers.cases.apply_to_case import standing_of
from bot.storage.cases.case_rows import open_case
from bot.storage.conversation.message_rows import Filed, add_inbound
from bot.storage.conversation.resident_rows import lock_resident, new_id
from bot.storage.delivery.outbox_rows import Answer, add_outbound

DRILL = "drill"
"""The channel of residents who do not exist."""
_DANGERS = frozenset(list(Kind)[: list(Kind).index(Kind.DISTRESS)])


def start_drill(context: AppContext, staff: Staff, kind: Kind, words: str) -> Case:
    """A case of that kind in which somebody has written these words. Raises NotAllowedError."""
    require(staff, Deed.DRILL)
    now, who = context.clock(), new_id()
    message = Inbound(DRILL, who, who, at_the_door(words).strip(), now, source=f"drill-{staff.id}"[:32])

    def make(connection: Connection) -> Case:
        resident = lock_resident(connection, DRILL, who, now)
        standing = standing_of(connection, context, resident, message)
        urgency = Route.EMERGENCY if kind in _DANGERS else Route.DESK
        arrived = Arrived(now, resident, message.source)
        case = opened(new_id(), standing.number, CaseWish(kind, urgency), arrived, standing.roster)
        case = replace(case, is_drill=True)
        open_case(connection, context.keys, case, staff.id)
        row = add_inbound(connection, context.keys, resident, message, Filed(case.id, heard=True))
        writer = Writer.of(context.content.catalog, standing.moment(now))
        reply = _reply(writer, kind, urgency)
        add_outbound(connection, context.keys, Answer(resident, row, reply, now, urgent=True))
        return case

    return context.store.transaction(make)


def _reply(writer: Writer, kind: Kind, urgency: Route) -> Reply:
    if urgency is Route.EMERGENCY:
        return writer.crisis.emergency((Signal(kind, urgency),))
    return writer.crisis.desk(kind)
