"""What may happen to a case in which status: one table over every status and action."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody looks after it now."""
    CLAIMED = "claimed"
    """One member of staff looks after it, until the lease ends."""
    CLOSED = "closed"
    CANCELLED = "cancelled"
    """The resident took it back."""


class CaseAction(StrEnum):
    """What can happen to a case."""

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
    """Nobody has taken it, and somebody is told again."""
    RETURN = "return"
    """The resident wants the bot to answer again."""
    CLOSE = "close"
    JOIN = "join"
    """It goes on in another case of the same person."""
    REOPEN = "reopen"
    FOR_OTHER = "for-other"
    """The writer says that it is about somebody else."""
    QUIET = "quiet"
    """The hours in which the resident must not be written to."""
    AGREE = "agree"
    """The resident agrees to be asked later whether they found help."""
    ASK = "ask"
    """The resident is asked whether they found help."""
    REPORT = "report"
    """The resident says whether they found help, or wants to be asked no more."""


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
    """Why a case was closed."""

    DONE = "done"
    PASSED_ON = "passed-on"
    """Another office looks after it."""
    NO_ANSWER = "no-answer"
    FALSE_ALARM = "false-alarm"
    PRANK = "prank"
    DRILL = "drill"
    JOINED = "joined"
    """It goes on in another case (`Case.joined_to`)."""


class FollowUpReport(StrEnum):
    """What a resident says of a case that has ended. The values are commands of the talk."""

    AGREE = "agree"
    FOUND_HELP = "found-help"
    NO_HELP_YET = "no-help-yet"
    ASK_NO_MORE = "ask-no-more"


class NotPossibleError(Exception):
    """This cannot happen to a case in this status."""


def next_status(status: Status | None, action: CaseAction) -> Status:
    """Where the action leads. Raises NotPossibleError."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        message = f"a case that is {status} cannot {action}"
        raise NotPossibleError(message) from None
