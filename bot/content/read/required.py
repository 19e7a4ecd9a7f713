"""What no version of the content may lack: the entries' ids, the sentences that the code says, their places.

The sentences follow from the code: those said by name are read in it, the others are a beginning and a value of an
enum. The sentences of a kind stand with the kind in `kinds.yaml`, whose reader wants them.
"""

from functools import cache

from bot.content.read.said_in_code import platforms, said_by_name
from bot.domain.cases.case_transitions import CaseAction, FollowUpReport, Status
from bot.domain.catalog import SAYABLE, Actor
from bot.domain.delivery.staff_notice import ChatReplyKind
from bot.domain.messages import EventKind, Route

ENTRY_IDS = frozenset(
    {
        *(f"measure-{number:02}" for number in range(1, 16)),
        *(
            f"term-{name}"
            for name in ("kyousei-ibasho", "sns", "nichijo-jiritsu", "anshin-service", "jukyo-kakuho", "bousai-sanpo")
        ),
        *(f"contact-{name}" for name in ("city", "shakyo", "nikoniko", "kouken", "minsei", "soudan")),
    }
)
"""A contract, stable for ever."""

NOT_KINDS = ("other-language", "no-voice", "disaster")
"""Lists of lines beside those of the kinds."""

EXAMPLE_ROUTES = frozenset({"emergency", "desk", "other"})

PLACEHOLDERS = frozenset(
    """
    actor checked_by day definition edition end hours instead kind link name next next_open number
    phone place plan promise sentence source span start state tel text time title until urgency why
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""What may stand in braces in a sentence."""

PRIVATE_FIELDS = ("name", "address", "telephone", "words")
"""By hand: the fields of the page that opens once, which stands in a layer above. A test compares them."""
_TELL_NOBODY = frozenset(
    {
        CaseAction.CLAIM,
        CaseAction.REPLY,
        CaseAction.NOTE,
        CaseAction.RETURN,
        CaseAction.CLOSE,
        CaseAction.JOIN,
        CaseAction.QUIET,
        CaseAction.AGREE,
        CaseAction.ASK,
        CaseAction.REPORT,
    }
)
"""What somebody does to a case without news for staff. Whatever is new needs a sentence until it is named here."""
_KEPT_AS_WORDS = frozenset({EventKind.TEXT})
_SHOWN_NOWHERE = frozenset({EventKind.UNFOLLOW, EventKind.UNSEND, EventKind.LEAVE, EventKind.MOVE, EventKind.OTHER})
_UNREADABLE = (EventKind.IMAGE, EventKind.VIDEO, EventKind.VOICE, EventKind.FILE, EventKind.LOCATION)
"""What has an answer of its own; everything else has the common one."""
_ABOUT_A_CASE = (ChatReplyKind.CLAIMED, ChatReplyKind.TAKEN, ChatReplyKind.BY_LINK, ChatReplyKind.AT_DESK)

_BY_VALUE: dict[str, frozenset[str]] = {
    "actor": frozenset(Actor),
    "answer-place": frozenset({"measure", "term", "contact"}),
    "came": frozenset(EventKind) - _KEPT_AS_WORDS - _SHOWN_NOWHERE,
    "channel": frozenset(("web", "drill", *platforms())),  # without a platform: our own page, and drills
    "choice": frozenset({"stop"}),  # a press that a platform's own menu sends; no reply has it as a button
    "line-check": frozenset((*SAYABLE, "hidden")),
    "notice": frozenset(ChatReplyKind),
    "notice-why": frozenset((*(frozenset(CaseAction) - _TELL_NOBODY), *_ABOUT_A_CASE)),
    "notice-why-now": frozenset(Status),
    "private": frozenset(PRIVATE_FIELDS),
    "said": frozenset(FollowUpReport) - {FollowUpReport.NO_HELP_YET},  # this one opens the case again
    "unreadable": frozenset(_UNREADABLE),
    "urgency": frozenset({Route.EMERGENCY, Route.DESK}),
}
"""Sentences that are said by a beginning and a value."""


@cache
def required_wording() -> frozenset[str]:
    """The keys of `wording.yaml` that the code says."""
    by_value = {f"{beginning}-{value}" for beginning, values in _BY_VALUE.items() for value in values}
    return said_by_name() | by_value
