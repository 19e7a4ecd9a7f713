"""The result of one message of a resident."""

from dataclasses import dataclass

from bot.domain.cases.case import CaseWish
from bot.domain.cases.case_transitions import FollowUpReport
from bot.domain.conversation.conversation import Conversation
from bot.domain.messages import Reply


@dataclass(frozen=True)
class Turn:
    """The result of one dialogue step."""

    reply: Reply
    talk: Conversation
    case: CaseWish | None = None
    cancels: bool = False
    adds: bool = False
    """The message belongs to the open case, but has no words."""
    returns: bool = False
    """The resident wants the bot to answer while staff have the case."""
    steers: bool = False
    """A command or a button, with nothing that staff would have to read."""
    for_other: bool = False
    """The writer says that it is about somebody else."""
    report: FollowUpReport | None = None
    """What the writer reports about an ended case."""
    verdict: str = ""
    """Feedback on the last answer, that of `talk.entry`: `good` or `wrong`."""
