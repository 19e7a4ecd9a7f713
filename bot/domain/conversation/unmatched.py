"""Which messages need review: those that were not understood."""

from bot.domain.conversation.turn import Turn
from bot.domain.messages import Route

UNMATCHED, NEAR_TIE, WRONG = "unmatched", "near-tie", "wrong"


def unmatched_reason(turn: Turn) -> str:
    """Why the message was not understood; empty if it was, or if it belongs to a case."""
    if turn.case or not turn.talk.unsettled:
        return ""
    if turn.reply.route is Route.UNKNOWN:
        return UNMATCHED
    return NEAR_TIE if turn.reply.route is Route.CLARIFY and turn.reply.entries else ""
