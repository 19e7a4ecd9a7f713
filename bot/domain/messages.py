"""Incoming and outgoing messages, the same for every channel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CANCEL = "cancel"
"""The command that withdraws a case. Its button carries the case number: an old button cannot withdraw a new case."""


class Route(StrEnum):
    """Where a message is routed. The values are a contract: `ask --json` and `evaluate` print them."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    DESK = "desk"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"
    SMALLTALK = "smalltalk"


Answerer = Callable[[str], tuple[Route, tuple[str, ...]]]
"""Answers one message: the route, and the ids of the entries shown."""


class EventKind(StrEnum):
    """Kinds of platform events. The values are stored."""

    TEXT = "text"
    PRESS = "press"
    """A button press; its text is the button's command (`Choice.does`)."""
    STICKER = "sticker"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    FILE = "file"
    LOCATION = "location"
    FORM = "form"
    """Submitted on one of our single-use pages (`private_pages`)."""
    THING = "thing"
    """Other content without text: a contact, a poll, a type that the platform adds later."""
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    UNSEND = "unsend"
    JOIN = "join"
    """The bot was added to a group, or somebody wrote in one."""
    LEAVE = "leave"
    """The bot was removed from a group, or may no longer write there."""
    MOVE = "move"
    """The group of this lane has a new address (`person`), and therefore another lane."""
    OTHER = "other"


WRITTEN = frozenset({EventKind.TEXT, EventKind.FORM})
"""Kinds that carry a resident's own words."""


@dataclass(frozen=True)
class Event:
    """One event on a platform, as parsed by its channel.

    `key` is unique within the channel. Events of one `lane` (a person, a group) are processed in order.
    `person`: the platform's id of the person, empty if not given. `ticket` allows one free answer.
    `strays`: strings of the event in no known field: an SOS may be among them.
    `silent`: somebody else answers in this chat now, the bot must not write. `edits`: changes an earlier message.
    `quotes`: the platform's id of the quoted message.
    """

    kind: EventKind
    key: str
    lane: str
    happened_at: datetime
    person: str = ""
    text: str = ""
    strays: tuple[str, ...] = ()
    message: str = ""
    ticket: str = ""
    silent: bool = False
    again: bool = False
    edits: bool = False
    quotes: str = ""
    in_group: bool = False
    author: str = ""
    """In a group, the lane of the author, if the platform gives it."""
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class Inbound:
    """One message of a resident, as handlers receive it.

    `event` is unique within the channel: a second message with the same event is a duplicate.
    `source`: keyed hash of the origin (on the web: the IP address), for rate limits and for grouping floods.
    `message`: the platform's id of the message; `address`: its id of the person; `ticket` allows one free answer.
    `goes_out`: the answer is sent over a platform (the web page fetches its own).
    `restored`: it may have been answered before the database was restored; its answer is stored, but not sent.
    """

    channel: str
    sender: str
    event: str
    text: str
    received_at: datetime
    source: str = ""
    kind: EventKind = EventKind.TEXT
    message: str = ""
    address: str = ""
    ticket: str = ""
    silent: bool = False
    again: bool = False
    edits: bool = False
    goes_out: bool = False
    restored: bool = False


@dataclass(frozen=True)
class Call:
    """A number to call. `dial`: the `tel:` form (`#` escaped); `state`: whether somebody answers now."""

    name: str
    phone: str
    dial: str
    state: str = ""
    link: str = ""


@dataclass(frozen=True)
class Choice:
    """A button: its label, and the command it sends. Typing the label does the same."""

    label: str
    does: str


@dataclass(frozen=True)
class ShownEntry:
    """An entry shown in the reply, with the fitted probability that it is the right one."""

    id: str
    title: str
    score: float


@dataclass(frozen=True)
class Reply:
    """One answer. Reading order: `lead`, `calls`, `body`, `choices`, `small`."""

    route: Route
    lead: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    body: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    small: tuple[str, ...] = ()
    entries: tuple[ShownEntry, ...] = field(default=())
    by_staff: bool = False
    """Written by a member of staff, not by the bot."""
    glance: str = ""
    """Text for a locked screen; the neutral sentence if empty."""

    @property
    def text(self) -> str:
        """The plain-text form, for the terminal, `ask` and channels without buttons."""
        blocks = ["\n".join(self.lead), "\n".join(map(_call_line, self.calls)), "\n".join(self.body)]
        blocks.append("\n".join(f"{number} {choice.label}" for number, choice in enumerate(self.choices, 1)))
        blocks.append("\n".join(self.small))
        return "\n\n".join(block for block in blocks if block)


def _call_line(call: Call) -> str:
    state = f"（{call.state}）" if call.state else ""
    return f"▶ {call.name} {call.phone or call.link}{state}"
