"""A notice to staff outside the desk's page, before its text is written: recipient, reason, case."""

from dataclasses import dataclass
from enum import StrEnum

MAIL = "mail:"
CHAT = "chat:"
"""Prefixes of a recipient: a mail address, or the row of a staff chat."""
BY_MAIL = "mail"
"""The channel of mails."""


class ChatReplyKind(StrEnum):
    """Messages to a staff chat other than notices about a case (`CaseAction`)."""

    CLAIMED = "claimed"
    """To the chat where somebody pressed the button: the case is theirs."""
    TAKEN = "taken"
    """To the chat where somebody pressed the button too late."""
    BY_LINK = "by-link"
    """To the chat where it is unknown who pressed: the case must be claimed at the desk's page."""
    AT_DESK = "at-desk"
    """To the chat where somebody replied to a notice in words: these reach no resident."""
    PAIRED = "paired"
    """To the chat in which a pairing code was written: the desk must confirm it."""
    BOUND = "bound"
    """To the chat that the desk has confirmed."""


_CHAT_REPLIES = frozenset(ChatReplyKind)


@dataclass(frozen=True)
class StaffNotice:
    """Recipient and reason of a notice. `case`: empty if it is about none. `about`: the member of staff it names."""

    recipient: str
    why: str
    case: str = ""
    about: str = ""

    @property
    def is_mail(self) -> bool:
        return self.recipient.startswith(MAIL)

    @property
    def chat(self) -> str:
        """The row of the staff chat it goes to; empty for a mail."""
        return "" if self.is_mail else self.recipient.removeprefix(CHAT)

    @property
    def is_news(self) -> bool:
        """Whether it reports an event of a case; otherwise it is a reply to the chat itself."""
        return self.why not in _CHAT_REPLIES
