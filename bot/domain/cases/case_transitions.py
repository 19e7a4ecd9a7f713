"""The states of a case: one table of every status and the actions possible in it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    WAITING = "waiting"
    """It has no owner."""
    CLAIMED = "claimed"
    """One member of staff owns it until the lease ends."""
    CLOSED = "closed"
    CANCELLED = "cancelled"
    """The resident withdrew it."""


class CaseAction(StrEnum):
    OPEN = "open"
    ADD = "add"
    RAISE = "raise"
    CANCEL = "cancel"
    CLAIM = "claim"
    REPLY = "reply"
    NOTE = "note"
    HAND_OVER = "hand-over"
    RELEASE = "release"
    LAPSE = "lapse"
    """The owner did not answer in time."""
    ALARM = "alarm"
    """Nobody has claimed it, and staff are notified again."""
    RETURN = "return"
    """The resident wants the bot to answer again."""
    CLOSE = "close"
    JOIN = "join"
    """It continues in another case of the same person."""
    REOPEN = "reopen"
    FOR_OTHER = "for-other"
    """The writer says that it is about somebody else."""
    QUIET = "quiet"
    """Quiet hours, in which the resident must not be written to, are set."""
    AGREE = "agree"
    """The resident agrees to be asked later whether they found help."""
    ASK = "ask"
    """The resident is asked whether they found help."""
    REPORT = "report"
    """The resident answers whether they found help, or asks not to be asked again."""


_W, _C, _CLOSED, _CANCELLED = Status.WAITING, Status.CLAIMED, Status.CLOSED, Status.CANCELLED
TRANSITIONS: Mapping[tuple[Status | None, CaseAction], Status] = MappingProxyType(
    {
        (None, CaseAction.OPEN): _W,
        (_W, CaseAction.ADD): _W,
        (_W, CaseAction.RAISE): _W,
        (_W, CaseAction.CANCEL): _CANCELLED,
        (_W, CaseAction.CLAIM): _C,
        (_W, CaseAction.NOTE): _W,
        (_W, CaseAction.ALARM): _W,
        (_W, CaseAction.CLOSE): _CLOSED,
        (_W, CaseAction.JOIN): _CLOSED,
        (_W, CaseAction.FOR_OTHER): _W,
        (_W, CaseAction.QUIET): _W,
        (_C, CaseAction.ADD): _C,
        (_C, CaseAction.RAISE): _C,
        (_C, CaseAction.CANCEL): _CANCELLED,
        (_C, CaseAction.REPLY): _C,
        (_C, CaseAction.NOTE): _C,
        (_C, CaseAction.HAND_OVER): _C,
        (_C, CaseAction.RELEASE): _W,
        (_C, CaseAction.LAPSE): _W,
        (_C, CaseAction.RETURN): _C,
        (_C, CaseAction.CLOSE): _CLOSED,
        (_C, CaseAction.JOIN): _CLOSED,
        (_C, CaseAction.FOR_OTHER): _C,
        (_C, CaseAction.QUIET): _C,
        (_CLOSED, CaseAction.NOTE): _CLOSED,
        (_CLOSED, CaseAction.AGREE): _CLOSED,
        (_CLOSED, CaseAction.ASK): _CLOSED,
        (_CLOSED, CaseAction.REPORT): _CLOSED,
        (_CLOSED, CaseAction.REOPEN): _W,
        (_CANCELLED, CaseAction.NOTE): _CANCELLED,
        (_CANCELLED, CaseAction.REOPEN): _W,
    }
)
OPEN_STATUSES = frozenset({Status.WAITING, Status.CLAIMED})


class Reason(StrEnum):
    DONE = "done"
    PASSED_ON = "passed-on"
    """Another office has taken over."""
    NO_ANSWER = "no-answer"
    FALSE_ALARM = "false-alarm"
    PRANK = "prank"
    DRILL = "drill"
    JOINED = "joined"
    """It continues in another case (`Case.joined_to`)."""


class FollowUpReport(StrEnum):
    """What a resident reports about an ended case. The values are commands of the dialogue."""

    AGREE = "agree"
    FOUND_HELP = "found-help"
    NO_HELP_YET = "no-help-yet"
    ASK_NO_MORE = "ask-no-more"


class NotPossibleError(Exception):
    """The action is not possible in the status of the case."""


def next_status(status: Status | None, action: CaseAction) -> Status:
    """The status after the action. Raises NotPossibleError."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        message = f"a case that is {status} cannot {action}"
        raise NotPossibleError(message) from None
