"""What one message of a resident leads to."""

from dataclasses import dataclass

from bot.domain.cases.case import CaseWish
from bot.domain.cases.case_transitions import FollowUpReport
from bot.domain.conversation.conversation import Conversation
from bot.domain.messages import Reply


@dataclass(frozen=True)
class Turn:
    """The outcome of one step."""

    reply: Reply
    talk: Conversation
    case: CaseWish | None = None
    cancels: bool = False
    adds: bool = False
    """What came belongs to the open case, and says nothing by itself."""
    returns: bool = False
    """The resident wants the bot to answer while staff have the case."""
    steers: bool = False
    """A command or a button, which says nothing that staff would have to read."""
    for_other: bool = False
    """The writer says that it is about somebody else."""
    report: FollowUpReport | None = None
    """What the writer says of a case that has ended."""
    verdict: str = ""
    """What the resident says of the last answer: `good` or `wrong`; which one is the talk's entry."""
