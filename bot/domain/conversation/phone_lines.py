"""Which phone numbers a reply gives, whether somebody answers now, and how the numbers were verified."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.cases.duty_roster import DutyRoster, closing_time
from bot.domain.catalog import Catalog, Entry, Line, Use
from bot.domain.messages import Call
from bot.domain.opening_hours import IsHoliday, Open, next_opening, open_at
from bot.domain.switches import Switch, Switches
from bot.domain.understanding.kinds import KindId
from bot.domain.wording import Wording

CRISIS_LINES_SHOWN = 4
LINES_SHOWN = 3
_WEEKDAY_MARKS = "月火水木金土日"


@dataclass(frozen=True)
class ReplyContext:
    """What a reply depends on besides the content: local time, holidays, case number."""

    now: datetime
    is_holiday: IsHoliday
    number: str
    case_is_open: bool = False
    in_danger: bool = False
    """The open case is an emergency of the last hour."""
    case_has_ended: bool = False
    """A case ended within the last weeks, and none is open."""
    may_agree: bool = False
    """The resident of that case may be asked later whether they found help."""
    staff_answer: bool = False
    """Staff have the case: the bot is silent, and labels of its buttons are no commands."""
    private_link: str = ""
    """Link to a single-use page, for what should not be written on a platform."""
    roster: DutyRoster | None = None
    """Staff on duty; None if no desk is connected (`ask`, `chat`): then no staff are promised."""
    switches: Switches = field(default_factory=Switches)


@dataclass(frozen=True)
class PhoneLines:
    """The phone lines of one revision of the content at one moment."""

    catalog: Catalog
    moment: ReplyContext
    wording: Wording

    def calls(self, lines: Iterable[Line]) -> tuple[Call, ...]:
        """Lines as call buttons; those that may not be given are replaced by the switchboard, once."""
        switchboard = self.catalog.lines[self.catalog.duty.switchboard]
        calls: dict[str, Call] = {}
        for line in lines:
            may_be_said = line.may_be_said(self.moment.now.date())
            if may_be_said:
                calls.setdefault(line.id, self._call(line))
            if not may_be_said or line.use is Use.UNCONFIRMED:
                calls.setdefault(switchboard.id, self._call(switchboard))
        return tuple(calls.values())

    def _call(self, line: Line) -> Call:
        return Call(line.name, line.phone, dial_string(line.phone), self.state(line), line.link)

    def state(self, line: Line) -> str:
        """Whether somebody answers there now, and if not, when it opens next."""
        if line.hours.always:
            return self.wording.say("open-always")
        state = open_at(line.hours, self.moment.now, self.moment.is_holiday)
        if state is not Open.NO:
            return self.wording.say("open-yes" if state is Open.YES else "open-not-known")
        following = next_opening(line.hours, self.moment.now, self.moment.is_holiday)
        return (
            self.wording.say("open-no", next=self.when(following)) if following else self.wording.say("open-no-unknown")
        )

    def when(self, moment: datetime) -> str:
        """A day and time as people say it: きょう 16:00, 11月24日(火) 9:00."""
        days = (moment.date() - self.moment.now.date()).days
        key = {0: "today", 1: "tomorrow"}.get(days)
        day = self.wording.say(key) if key else f"{moment.month}月{moment.day}日({_WEEKDAY_MARKS[moment.weekday()]})"
        return f"{day} {moment.hour}:{moment.minute:02}"

    def lines_of(self, entry: Entry) -> list[Line]:
        """At most three lines to call for an entry: its `lines` in order, where a contact stands for its own lines.

        An entry whose `lines` do not list its contact has the contact first.
        """
        listed = entry.lines if entry.contact in entry.lines else (entry.contact, *entry.lines, entry.second_contact)
        if entry.kind == "contact":
            listed = (*entry.lines, entry.second_contact)
        desks = {name: self.catalog.by_id[name].lines for name in listed if name in self.catalog.by_id}
        names = [line for name in listed if name for line in desks.get(name, (name,))]
        return _unique_numbers(self.catalog.lines[name] for name in dict.fromkeys(names))[:LINES_SHOWN]

    def desk_lines(self) -> list[Line]:
        return [self.catalog.lines[self.catalog.duty.desk_line]]

    def crisis_lines(self, name: KindId) -> list[Line]:
        """The kind's lines: in danger as listed; for talking only those open now, 24-hour ones first."""
        kind = self.catalog.kinds[name]
        lines = [self.catalog.lines[line_id] for line_id in kind.lines]
        if kind.is_talk:
            now, is_holiday = self.moment.now, self.moment.is_holiday
            lines = [line for line in lines if open_at(line.hours, now, is_holiday) is Open.YES]
            lines.sort(key=lambda line: not line.hours.always)
        return lines[:CRISIS_LINES_SHOWN]

    def disaster_lines(self) -> list[Line]:
        return [self.catalog.lines[name] for name in self.catalog.crisis_lines["disaster"]]

    def no_voice(self) -> list[str]:
        """Sentences with the lines for those who cannot speak."""
        lines = [self.catalog.lines[name] for name in self.catalog.crisis_lines["no-voice"]]
        return [self.wording.say("emergency-no-voice", name=line.name, link=line.link) for line in lines]

    def duty_is_open(self) -> bool:
        return self._roster().is_open(self.moment.now)

    def staff_availability(self, nobody: str) -> str:
        """Who reads this and when. `nobody`: key of the sentence if nobody is on duty, so that nothing is promised."""
        roster, now = self._roster(), self.moment.now
        if self.moment.switches.is_on(Switch.DESK_OFF):
            return self.wording.say("desk-off")
        if self.duty_is_open() and roster.on_duty(now):
            promise = roster.after_duty_time(now, timedelta(minutes=self.catalog.duty.promise_minutes))
            return self.wording.say("desk-duty", promise=self.when(promise.astimezone(now.tzinfo)))
        if nobody == "emergency-nobody" and roster.on_duty(now):
            return self.wording.say("emergency-on-call", next_open=self._next_open())
        return self.wording.say(nobody, next_open=self._next_open())

    def _roster(self) -> DutyRoster:
        return self.moment.roster or DutyRoster(self.catalog.duty.hours)

    def _next_open(self) -> str:
        roster, now = self._roster(), self.moment.now
        if self.duty_is_open():
            until = closing_time(roster.with_special_days(), now)
            return self.wording.say("next-open-now", until=f"{until.hour}:{until.minute:02}")
        following = roster.next_opening(now)
        if following is None:
            return self.wording.say("next-open-unknown")
        day, time = self.when(following).split(" ")
        return self.wording.say("next-open-at", day=day, time=time)

    def duty_hours(self) -> str:
        """A sentence with the first period of the duty hours."""
        period = min(self.catalog.duty.hours.periods, key=lambda period: period.start)
        return self.wording.say(
            "duty-hours",
            start=f"{period.start // 60}:{period.start % 60:02}",
            end=f"{period.end // 60}:{period.end % 60:02}",
        )

    def checks(self, lines: Iterable[Line]) -> tuple[str, ...]:
        """How every number given was verified: by whom, when, from which source; one sentence per state."""
        sources: dict[tuple[str, str, str], list[str]] = {}
        for line in lines:
            hidden = not line.may_be_said(self.moment.now.date())
            check = ("hidden", line.name, "") if hidden else (str(line.use), line.name, line.checked_by)
            if line.use is Use.SHIP and not hidden:
                check = (str(line.use), "", "")
            sources.setdefault(check, []).append("・".join(part for part in (line.source, line.checked_on) if part))
        return tuple(
            self.wording.say(f"line-check-{state}", name=name, source="、".join(dict.fromkeys(known)), checked_by=by)
            for (state, name, by), known in sources.items()
        )


def dial_string(phone: str) -> str:
    """The number for `tel:`: digits, `#` escaped, no extension."""
    number = phone.split("(", 1)[0].split("（", 1)[0]
    return "".join(character for character in number if character.isdigit() or character in "#+").replace("#", "%23")


def _unique_numbers(lines: Iterable[Line]) -> list[Line]:
    """Lines with the same number are one call."""
    seen: dict[str, Line] = {}
    for line in lines:
        seen.setdefault(line.phone or line.id, line)
    return list(seen.values())
