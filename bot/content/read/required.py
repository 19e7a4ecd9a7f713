"""What every version of the content must have: the ids of entries, the sentences that the code uses, placeholders.

The keys of the sentences follow from the code: those used by name are read from it, the others are a prefix and a value
of an enum. The sentences of a kind are listed with it in `kinds.yaml`, whose reader requires them.
"""

from functools import cache

from bot.content.read.wording_keys import literal_keys, platforms
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
"""A contract: these ids never change."""

NOT_KINDS = ("other-language", "no-voice", "disaster")
"""Lists of phone lines besides those of the kinds."""

EXAMPLE_ROUTES = frozenset({"emergency", "desk", "other"})

PLACEHOLDERS = frozenset(
    """
    actor checked_by day definition edition end hours instead kind link name next next_open number
    phone place plan promise sentence source span start state tel text time title until urgency why
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Names allowed in braces in a sentence."""

PRIVATE_FIELDS = ("name", "address", "telephone", "words")
"""Fields of the single-use page, copied because it belongs to a higher layer. A test compares them."""
_WITHOUT_NOTICE = frozenset(
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
"""Actions on a case that cause no notice to staff. A new action needs a sentence unless it is listed here."""
_STORED_AS_TEXT = frozenset({EventKind.TEXT})
_NEVER_SHOWN = frozenset({EventKind.UNFOLLOW, EventKind.UNSEND, EventKind.LEAVE, EventKind.MOVE, EventKind.OTHER})
_UNREADABLE = (EventKind.IMAGE, EventKind.VIDEO, EventKind.VOICE, EventKind.FILE, EventKind.LOCATION)
"""Kinds with an answer of their own; all others share one."""
_ABOUT_A_CASE = (ChatReplyKind.CLAIMED, ChatReplyKind.TAKEN, ChatReplyKind.BY_LINK, ChatReplyKind.AT_DESK)

_BY_VALUE: dict[str, frozenset[str]] = {
    "actor": frozenset(Actor),
    "answer-place": frozenset({"measure", "term", "contact"}),
    "came": frozenset(EventKind) - _STORED_AS_TEXT - _NEVER_SHOWN,
    "channel": frozenset(("web", "drill", *platforms())),  # without a platform: our own page, and drills
    "choice": frozenset({"stop"}),  # sent by a platform's own menu; no reply has it as a button
    "line-check": frozenset((*SAYABLE, "hidden")),
    "notice": frozenset(ChatReplyKind),
    "notice-why": frozenset((*(frozenset(CaseAction) - _WITHOUT_NOTICE), *_ABOUT_A_CASE)),
    "notice-why-now": frozenset(Status),
    "private": frozenset(PRIVATE_FIELDS),
    "said": frozenset(FollowUpReport) - {FollowUpReport.NO_HELP_YET},  # this one reopens the case
    "unreadable": frozenset(_UNREADABLE),
    "urgency": frozenset({Route.EMERGENCY, Route.DESK}),
}
"""Keys made of a prefix and a value."""


@cache
def required_wording() -> frozenset[str]:
    """The keys of `wording.yaml` that the code uses."""
    by_value = {f"{prefix}-{value}" for prefix, values in _BY_VALUE.items() for value in values}
    return literal_keys() | by_value
