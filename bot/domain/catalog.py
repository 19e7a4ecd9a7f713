"""One revision of the content as an immutable value: entries, phone lines, menu, small talk, wording, triage."""

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
    """Who acts under a measure, in the order of the plan's columns."""

    RESIDENT = "resident"
    COMMUNITY = "community"
    BUSINESS = "business"
    CITY = "city"
    COUNCIL = "council"


class Use(StrEnum):
    """Whether a phone number may be given to residents."""

    SHIP = "ship"
    """Given with its source, as not yet confirmed by the city."""
    UNCONFIRMED = "unconfirmed"
    """Given although unconfirmed, always together with the switchboard (only for the consultation desk)."""
    CONFIRM_FIRST = "confirm_first"
    """Not given until an admin has confirmed it; the switchboard is given instead."""
    NEVER = "do_not_ship"
    """Wrong, retired or not for this city: never given."""
    CONFIRMED = "confirmed"
    """The city has confirmed it: `checked_by` and `checked_on` say who and when."""


SAYABLE = frozenset({Use.SHIP, Use.UNCONFIRMED, Use.CONFIRMED})


@dataclass(frozen=True)
class Line:
    """A phone line or chat for residents: one row of `lines.yaml`, with the state of its verification."""

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
        """The first number; empty for a chat or a web page."""
        return self.phones[0] if self.phones else ""

    def may_be_said(self, today: date) -> bool:
        return self.use in SAYABLE and (self.valid_until is None or today <= self.valid_until)


@dataclass(frozen=True)
class Action:
    """One bullet of the plan, verbatim; `[[term-id|word]]` marks a word that the plan explains."""

    actor: Actor
    text: str


@dataclass(frozen=True)
class Entry:
    """One of the 27 entries that messages are matched to: a measure, a term or a contact."""

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
    """A subject that people ask about but the plan does not cover, with where to go instead."""

    id: str
    title: str
    instead: str
    line: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Smalltalk:
    id: str
    reply: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class SignalExamples:
    """Classifier examples besides the word lists: of danger, of distress, or (route `other`) of neither."""

    route: str
    kind: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class MenuItem:
    """A life situation with its entries."""

    label: str
    question: str
    entries: tuple[str, ...]


@dataclass(frozen=True)
class CannedText:
    """A text that staff can send unchanged or edited."""

    label: str
    text: str


@dataclass(frozen=True)
class Check:
    """A held-out message with the entries that are correct answers to it."""

    entry: str
    text: str
    accept: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class SafetyCase:
    """A message added by the office; every new revision must still detect its danger or distress."""

    text: str
    route: Route


@dataclass(frozen=True)
class Publishing:
    """Whether a second person must approve a draft, and how many percentage points first answers may drop."""

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
    """The plan apart from its measures."""

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
    """The office's settings: when staff are on duty, and which lines replace them."""

    hours: OpeningHours
    desk_line: str
    switchboard: str
    promise_minutes: int
    same_case_days: int
    """A resident who writes within this many days after the end of a case continues it."""


@dataclass(frozen=True)
class Retention:
    """Retention of messages without a case, texts of a case after its end, the audit log, and event keys."""

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
    """Lines for situations that are not kinds: another language, no voice, a disaster."""
    plan: Plan
    duty: Duty
    retention: Retention
    checks: tuple[Check, ...] = ()
    canned: tuple[CannedText, ...] = ()
    safety: tuple[SafetyCase, ...] = ()
    publishing: Publishing = Publishing()

    @cached_property
    def by_id(self) -> "dict[str, Entry]":
        return {entry.id: entry for entry in self.entries}

    @property
    def kinds(self) -> "Kinds":
        return self.triage.kinds

    @cached_property
    def sentences(self) -> "Mapping[str, str]":
        """Every sentence by its key: the wording and the sentences of the kinds."""
        return MappingProxyType({**self.wording, **self.kinds.sentences})
