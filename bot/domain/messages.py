"""What comes in and what goes out, the same for every channel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CANCEL = "cancel"
"""The command that takes a case back. Its button carries the number of its case: an old one takes back no new case."""


class Route(StrEnum):
    """Where a message is sent. The values are a contract: `ask --json` and `evaluate` print them."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    DESK = "desk"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"
    SMALLTALK = "smalltalk"


Answerer = Callable[[str], tuple[Route, tuple[str, ...]]]
"""A bot that is asked one message after the other: the route, and the ids of the entries shown."""


class EventKind(StrEnum):
    """What a channel can tell. The values are stored."""

    TEXT = "text"
    PRESS = "press"
    """A button that carries its meaning (`Choice.does`)."""
    STICKER = "sticker"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    FILE = "file"
    LOCATION = "location"
    FORM = "form"
    """Written on a page of ours that opens once (`private_pages`)."""
    THING = "thing"
    """Something else without words: a contact, a poll, what a platform invents next."""
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    UNSEND = "unsend"
    JOIN = "join"
    """The bot was brought into a group, or something was said in one."""
    LEAVE = "leave"
    """The bot was put out of a group, or may not write there any more."""
    MOVE = "move"
    """The group of this lane has a new address (`person`), and with it another lane."""
    OTHER = "other"


WRITTEN = frozenset({EventKind.TEXT, EventKind.FORM})
"""What is words of a resident."""


@dataclass(frozen=True)
class Event:
    """One thing that happened on a platform, as its door read it.

    `key` is unique within the channel. Events of one `lane` (a person, a group) are handled one after the other.
    `person` is the platform's own id, empty where it was not told. `ticket` allows one answer that costs nothing.
    `strays` are strings of an event that have no known place in it: an SOS may be among them.
    `silent`: somebody else has this talk now, the bot must not write. `edits`: the writer changed an earlier message.
    `quotes`: the platform's id of the message that this one answers.
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
    """The lane of who it was in a group, where the platform tells."""
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class Inbound:
    """One message of a resident, as a handler gets it.

    `event` is unique within the channel: a second message with the same event is the same message again.
    `source` is a keyed hash of where it came from (the web: the address), for limits and for grouping floods.
    `message` is the platform's id of the message, `address` its id of the person, `ticket` allows one answer.
    `goes_out`: the answer is sent over a platform (the page fetches its own).
    `restored`: it may have been answered before the database was set back; what is answered now is kept, and not sent.
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
    """A number to press. `dial` is what `tel:` takes (a `#` escaped), `state` says whether somebody answers now."""

    name: str
    phone: str
    dial: str
    state: str = ""
    link: str = ""


@dataclass(frozen=True)
class Choice:
    """A button: its words, and what pressing it means. Typing the words does the same."""

    label: str
    does: str


@dataclass(frozen=True)
class ShownEntry:
    """An entry that stands in the reply, with the fitted probability that it is the right one."""

    id: str
    title: str
    score: float


@dataclass(frozen=True)
class Reply:
    """One answer, in the order in which it is read: `lead`, `calls`, `body`, `choices`, `small`."""

    route: Route
    lead: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    body: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    small: tuple[str, ...] = ()
    entries: tuple[ShownEntry, ...] = field(default=())
    by_staff: bool = False
    """A member of staff wrote it, not the bot."""
    glance: str = ""
    """What a locked screen may show; the neutral sentence where it is empty."""

    @property
    def text(self) -> str:
        """Everything as plain text: for the terminal, for `ask`, for a channel without buttons."""
        blocks = ["\n".join(self.lead), "\n".join(map(_call_line, self.calls)), "\n".join(self.body)]
        blocks.append("\n".join(f"{number} {choice.label}" for number, choice in enumerate(self.choices, 1)))
        blocks.append("\n".join(self.small))
        return "\n\n".join(block for block in blocks if block)


def _call_line(call: Call) -> str:
    state = f"（{call.state}）" if call.state else ""
    return f"▶ {call.name} {call.phone or call.link}{state}"
