"""What staff are told outside the desk, before it is in words: whom, why, and about which case."""

from dataclasses import dataclass
from enum import StrEnum

MAIL = "mail:"
CHAT = "chat:"
"""How a recipient begins: a mail address, or the row of a staff chat."""
BY_MAIL = "mail"
"""The channel of what goes out by mail."""


class ChatReplyKind(StrEnum):
    """What staff can be told beside what happened to a case (`CaseAction`)."""

    CLAIMED = "claimed"
    """To the chat where somebody pressed: the case is theirs."""
    TAKEN = "taken"
    """To the chat where somebody pressed too late."""
    BY_LINK = "by-link"
    """To the chat where nobody knows who pressed."""
    AT_DESK = "at-desk"
    """To the chat where a notice was answered in words: they go to no resident."""
    PAIRED = "paired"
    """To the chat in which a code was written: the desk must confirm it."""
    BOUND = "bound"
    """To the chat that the desk has confirmed."""


_CHAT_REPLIES = frozenset(ChatReplyKind)


@dataclass(frozen=True)
class StaffNotice:
    """Somebody to tell, and why. `case`: empty where it is about none. `about`: the member of staff whom it names."""

    recipient: str
    why: str
    case: str = ""
    about: str = ""

    @property
    def is_mail(self) -> bool:
        """Whether it goes out as a letter."""
        return self.recipient.startswith(MAIL)

    @property
    def chat(self) -> str:
        """The row of the staff chat it goes to; empty for a letter."""
        return "" if self.is_mail else self.recipient.removeprefix(CHAT)

    @property
    def is_news(self) -> bool:
        """Whether it tells what happened to a case; else it speaks to the chat itself."""
        return self.why not in _CHAT_REPLIES
