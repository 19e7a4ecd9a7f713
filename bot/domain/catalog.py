"""Everything the bot knows, in one immutable value: entries, lines, what is not ours, small talk, wording."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.messages import Route
from bot.domain.opening_hours import OpeningHours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.understanding.kinds import Kinds
    from bot.domain.understanding.triage import Triage


class Actor(StrEnum):
    """Who does something under a measure, in the order of the plan's columns."""

    RESIDENT = "resident"
    COMMUNITY = "community"
    BUSINESS = "business"
    CITY = "city"
    COUNCIL = "council"


class Use(StrEnum):
    """Whether a number may be said to a resident."""

    SHIP = "ship"
    """May be said, with its source, as not yet confirmed by the city."""
    UNCONFIRMED = "unconfirmed"
    """Said although unconfirmed, always with the switchboard beside it (the consultation desk alone)."""
    CONFIRM_FIRST = "confirm_first"
    """Not said until an admin has confirmed it; the switchboard is said instead."""
    NEVER = "do_not_ship"
    """Wrong, retired or not for this city: the bot refuses to say it."""
    CONFIRMED = "confirmed"
    """The city has confirmed it: `checked_by` and `checked_on` say who and when."""


SAYABLE = frozenset({Use.SHIP, Use.UNCONFIRMED, Use.CONFIRMED})


@dataclass(frozen=True)
class Line:
    """A telephone (or a chat) that answers: one row of the facts, with the state of its check."""

    id: str
    name: str
    phones: tuple[str, ...]
    hours: OpeningHours
    hours_text: str
    cost: str
    audience: str
    area: str
    use: Use
    source: str
    checked_on: str
    checked_by: str
    valid_until: date | None
    link: str
    evidence: str
    note: str

    @property
    def phone(self) -> str:
        """The number to say first; empty for a line that is a chat or a page."""
        return self.phones[0] if self.phones else ""

    def may_be_said(self, today: date) -> bool:
        """Whether a resident may be told this number today."""
        return self.use in SAYABLE and (self.valid_until is None or today <= self.valid_until)


@dataclass(frozen=True)
class Action:
    """One bullet of the plan, word for word; `[[term-id|word]]` marks a word that the plan explains."""

    actor: Actor
    text: str


@dataclass(frozen=True)
class Entry:
    """One of the 27 things that are matched: a measure, a term, a desk."""

    id: str
    title: str
    reading: str
    button: str
    lead: str
    easy: str
    call: tuple[str, ...]
    helper_lead: str
    helper_call: tuple[str, ...]
    contact: str
    second_contact: str
    lines: tuple[str, ...]
    situations: tuple[str, ...]
    note: str
    phrases: tuple[str, ...]
    goal: int = 0
    source_title: str = ""
    actions: tuple[Action, ...] = ()
    definition: str = ""

    @property
    def kind(self) -> str:
        """`measure`, `term` or `contact`."""
        return self.id.split("-", 1)[0]


@dataclass(frozen=True)
class NotOurs:
    """A subject that people ask about and the plan does not hold, with where to go instead."""

    id: str
    title: str
    instead: str
    line: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Smalltalk:
    """A kind of small talk with its reply."""

    id: str
    reply: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class SignalExamples:
    """Examples for the classifier beside the lists: of danger, of distress, or (route `other`) of neither."""

    route: str
    kind: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class MenuItem:
    """A situation of life with the entries that belong to it."""

    label: str
    question: str
    entries: tuple[str, ...]


@dataclass(frozen=True)
class CannedText:
    """A text that staff can send as it stands or change first."""

    label: str
    text: str


@dataclass(frozen=True)
class Check:
    """A held-out message with the entries that are a right first answer."""

    entry: str
    text: str
    accept: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class SafetyCase:
    """A message that the office has added to the set which every new revision must still hear."""

    text: str
    route: Route


@dataclass(frozen=True)
class Publishing:
    """How a draft becomes public: whether a second person must agree, how many points first answers may drop."""

    second_reader: bool = True
    most_drop: int = 1


@dataclass(frozen=True)
class Goal:
    """One of the plan's three goals."""

    number: int
    title: str
    text: str


@dataclass(frozen=True)
class Plan:
    """The plan around its measures: idea, goals, standing, period, publishers."""

    title: str
    edition: str
    idea: str
    goals: tuple[Goal, ...]
    standing: str
    period: str
    ends_on: date | None
    publishers: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """When staff read, and which lines stand in for them: what the office sets."""

    hours: OpeningHours
    desk_line: str
    switchboard: str
    promise_minutes: int
    same_case_days: int
    """Who writes again within so many days after the end of a case goes on with it."""


@dataclass(frozen=True)
class Retention:
    """How long what is kept: talk without a case, words of a case after its end, the audit, keys of events."""

    talk_days: int = 30
    case_days: int = 365
    audit_years: int = 5
    events_days: int = 30


@dataclass(frozen=True)
class Catalog:
    """One revision of the content."""

    entries: tuple[Entry, ...]
    lines: "Mapping[str, Line]"
    not_ours: tuple[NotOurs, ...]
    smalltalk: tuple[Smalltalk, ...]
    menu: tuple[MenuItem, ...]
    synonyms: tuple[tuple[str, str], ...]
    wording: "Mapping[str, str]"
    says: "Mapping[str, tuple[str, ...]]"
    triage: "Triage"
    signals: tuple[SignalExamples, ...]
    crisis_lines: "Mapping[str, tuple[str, ...]]"
    """Of what is no kind: another language, no voice, a disaster."""
    plan: Plan
    duty: Duty
    retention: Retention
    checks: tuple[Check, ...] = ()
    canned: tuple[CannedText, ...] = ()
    safety: tuple[SafetyCase, ...] = ()
    publishing: Publishing = Publishing()

    @cached_property
    def by_id(self) -> "dict[str, Entry]":
        """Entries by their id."""
        return {entry.id: entry for entry in self.entries}

    @property
    def kinds(self) -> "Kinds":
        """The kinds of danger and distress."""
        return self.triage.kinds

    @cached_property
    def sentences(self) -> "Mapping[str, str]":
        """Everything that can be said by a key: the wording and the sentences of the kinds."""
        return MappingProxyType({**self.wording, **self.kinds.sentences})
