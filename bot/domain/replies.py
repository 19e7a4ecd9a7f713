"""Writing the replies: what to do first, whom to call and whether they are open, then the rest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.catalog import Actor, Catalog, Entry, Line, Use
from bot.domain.messages import Call, Choice, Reply, Route, Shown
from bot.domain.opening_hours import IsHoliday, Open, next_opening, open_at
from bot.domain.triage import Kind, Signal
from bot.domain.wording import Wording

CRISIS_LINES_SHOWN = 4
_WEEKDAY_MARKS = "月火水木金土日"


@dataclass(frozen=True)
class Moment:
    """What a reply depends on besides the content: the local time, the holidays, the case number to say."""

    now: datetime
    is_holiday: IsHoliday
    number: str
    case_is_open: bool = False


@dataclass(frozen=True)
class Writer:
    """Writes replies from one revision of the content, at one moment, to one reader."""

    catalog: Catalog
    moment: Moment
    wording: Wording

    @classmethod
    def of(cls, catalog: Catalog, moment: Moment, *, easy: bool = False) -> "Writer":
        """A writer of usual Japanese, or of the easy form."""
        return cls(catalog, moment, Wording(catalog.wording, catalog.lines, easy=easy))

    # --- answers ---------------------------------------------------------------------------------------------

    def answer(self, shown: tuple[Shown, ...], *, helps: bool, soft_safety: bool = False) -> Reply:
        """The first entry as the answer, the others as 「ほかの候補」."""
        entry = self.catalog.by_id[shown[0].id]
        lines = self._lines_of(entry)
        as_helper = helps and bool(entry.helper_lead)
        lead = entry.helper_lead if as_helper else entry.easy if self.wording.easy else entry.lead
        others = [self.catalog.by_id[other.id] for other in shown[1:]]
        choices = [Choice(other.button, f"entry:{other.id}") for other in others]
        body = [*self._definition(entry), *self._call_script(entry, as_helper=as_helper)]
        return Reply(
            Route.ANSWER,
            lead=(lead,),
            calls=self.calls(lines),
            body=tuple(body),
            choices=(*choices, *self._choices("more", "side" if entry.actions else "", "person")),
            small=(*self._soft(soft_safety), *self._small(entry, lines)),
            entries=shown,
        )

    def clarify(self, shown: tuple[Shown, ...], *, again: bool) -> Reply:
        """Three buttons in human words, and a way out."""
        buttons = tuple(Choice(self.catalog.by_id[each.id].button, f"entry:{each.id}") for each in shown)
        lead = self.wording.say("clarify-again" if again else "clarify")
        return Reply(Route.CLARIFY, lead=(lead,), choices=(*buttons, *self._choices("none", "person")), entries=shown)

    def phones(self, entry: Entry) -> Reply:
        """Only the numbers of an entry."""
        lines = self._lines_of(entry)
        lead = self.wording.say("follow-phone", title=entry.title)
        return self._about(entry, (lead,), calls=self.calls(lines), small=self._small(entry, lines))

    def hours(self, entry: Entry) -> Reply:
        """When the desks of an entry answer."""
        lines = self._lines_of(entry)
        unknown = self.wording.say("follow-hours-unknown")
        body = tuple(
            self.wording.say(
                "follow-hours-line", name=line.name, hours=line.hours_text or unknown, state=self._state(line)
            )
            for line in lines
        )
        lead = self.wording.say("follow-hours", title=entry.title)
        return self._about(entry, (lead,), calls=self.calls(lines), body=body)

    def more(self, entry: Entry) -> Reply:
        """What the plan says, word for word, of every actor."""
        if not entry.actions:
            return self._about(entry, (*self._definition(entry), self.wording.say("follow-no-actions")))
        body = [line for actor in Actor for line in self._actor_lines(entry, actor, head=True)]
        return self._about(entry, (self.wording.say("follow-more"),), body=tuple(body))

    def sides(self, entry: Entry) -> Reply:
        """The five actors as buttons."""
        if not entry.actions:
            return self.more(entry)
        buttons = tuple(Choice(self.wording.say(f"actor-{actor}"), f"actor:{entry.id}:{actor}") for actor in Actor)
        return replace(self._about(entry, (self.wording.say("follow-side"),)), choices=buttons)

    def side(self, entry: Entry, actor: Actor) -> Reply:
        """What one actor does under a measure, word for word."""
        if not entry.actions:
            return self.more(entry)
        lead = self.wording.say("follow-side-done", actor=self.wording.say(f"actor-{actor}"))
        lines = self._lines_of(entry)
        body = (*self._actor_lines(entry, actor, head=False), *self._call_script(entry, as_helper=actor not in _NEEDING))
        return self._about(entry, (lead,), calls=self.calls(lines), body=body)

    def others(self, shown: tuple[Shown, ...]) -> Reply:
        """The other candidates of the last answer."""
        if not shown:
            return Reply(Route.CLARIFY, lead=(self.wording.say("follow-no-others"),), choices=self._choices("menu", "person"))
        buttons = tuple(Choice(self.catalog.by_id[each.id].button, f"entry:{each.id}") for each in shown)
        lead = self.wording.say("follow-others")
        return Reply(Route.CLARIFY, lead=(lead,), choices=(*buttons, *self._choices("menu", "person")), entries=shown)

    # --- menu, small talk, not ours --------------------------------------------------------------------------

    def welcome(self) -> Reply:
        """What the bot is and is not."""
        hours = self._duty_hours()
        body = (self.wording.say("welcome-limits"), self.wording.say("welcome-privacy"), self.wording.say("welcome-hours", hours=hours))
        return Reply(Route.SMALLTALK, lead=(self.wording.say("welcome"),), body=body, choices=self._menu_choices())

    def menu(self, key: str = "menu") -> Reply:
        """Situations of life as buttons."""
        return Reply(Route.CLARIFY, lead=(self.wording.say(key),), choices=(*self._menu_choices(), *self._choices("person")))

    def menu_item(self, position: int) -> Reply:
        """The entries of one situation."""
        item = self.catalog.menu[position]
        buttons = tuple(Choice(self.catalog.by_id[name].button, f"entry:{name}") for name in item.entries)
        return Reply(Route.CLARIFY, lead=(item.question,), choices=(*buttons, *self._choices("menu", "person")))

    def give_up(self) -> Reply:
        """After two questions back: the menu and a person."""
        calls = self.calls(self._desk_lines())
        return replace(self.menu("give-up"), route=Route.UNKNOWN, calls=calls)

    def not_ours(self, subject: str, *, soft_safety: bool) -> Reply:
        """Where to go instead; without a known subject, an honest 'I do not know' with a person."""
        found = next((each for each in self.catalog.not_ours if each.id == subject), None)
        if found is None or self.wording.easy:
            lead = self.wording.say("unknown")
        else:
            lead = self.wording.say("not-ours", title=found.title, instead=found.instead)
        line = self.catalog.lines.get(found.line if found and found.line else self.catalog.duty.switchboard)
        calls = self.calls([line]) if line and not (found and not found.line) else ()
        return Reply(
            Route.UNKNOWN,
            lead=(lead,),
            calls=calls,
            choices=self._choices("menu", "person"),
            small=(*self._soft(soft_safety), *self._checks([line] if calls and line else [])),
        )

    def smalltalk(self, kind: str) -> Reply:
        """A kind word back."""
        found = next((each for each in self.catalog.smalltalk if each.id == kind), None)
        lead = found.reply if found else self.wording.say("restarted")
        return Reply(Route.SMALLTALK, lead=(lead,), choices=self._choices("menu", "person"))

    def plain(self, key: str, route: Route = Route.SMALLTALK) -> Reply:
        """One sentence with the menu and a person."""
        return Reply(route, lead=(self.wording.say(key),), choices=self._choices("menu", "person"))

    # --- danger and distress ---------------------------------------------------------------------------------

    def emergency(self, signals: tuple[Signal, ...]) -> Reply:
        """The call first and almost alone; then who reads this and when."""
        lead_kind, *more = [signal.kind for signal in signals if signal.route is Route.EMERGENCY]
        lead = [self.wording.say(f"emergency-{lead_kind}")]
        if lead_kind is Kind.SUICIDE and Kind.ILLNESS in more:
            lead = [self.wording.say("emergency-suicide-close")]
        calls = list(self.calls(self._crisis_lines(lead_kind)))
        for kind in more:
            calls += [call for call in self.calls(self._crisis_lines(kind))[:2] if call not in calls]
        body = [self.wording.say("emergency-address")] if lead_kind not in _TALKING_KINDS else []
        if len(calls) > 1:
            body.append(self.wording.say("emergency-next-line"))
        if {lead_kind, *more} & _TALKING_KINDS:
            body += [*self._no_voice(), self.wording.say("emergency-now-danger")]
        body += [self.wording.say("emergency-case", number=self.moment.number), self._honest("emergency-nobody")]
        return Reply(
            Route.EMERGENCY,
            lead=tuple(lead),
            calls=tuple(calls),
            body=tuple(body),
            choices=self._choices("cancel"),
            small=(self.wording.say("check-small-emergency"),),
        )

    def desk(self, kind: Kind) -> Reply:
        """A case with a number, when staff read it, and who answers now."""
        lines = self._desk_lines() if self._duty_open() else []
        known = {line.id for line in lines}
        lines += [line for line in self._crisis_lines(kind) if line.id not in known]
        key = "desk-case-again" if self.moment.case_is_open else "desk-case"
        body = [self.wording.say("desk-now-lines")]
        body += self._no_voice() if kind is not Kind.MONEY else []
        body += [self.wording.say(key, number=self.moment.number), self._honest("desk-nobody")]
        body.append(self.wording.say("emergency-now-danger"))
        return Reply(
            Route.DESK,
            lead=(self.wording.say(f"desk-{kind}"),),
            calls=self.calls(lines),
            body=tuple(body),
            choices=self._choices("cancel", "menu"),
            small=self._checks(lines),
        )

    def other_language(self, route: Route) -> Reply:
        """The one approved reply in English and easy Japanese, with the lines that speak other languages."""
        lead = [self.wording.say("other-language")]
        lines = [self.catalog.lines[name] for name in self.catalog.crisis_lines["other-language"]]
        if route is Route.EMERGENCY:
            lead.insert(0, self.wording.say("other-language-emergency"))
            lines = [self.catalog.lines[name] for name in ("nat-119", "nat-110")] + lines
        body = [self.wording.say("other-language-case", number=self.moment.number)] if route in _CASE_ROUTES else []
        body += [self._honest("desk-nobody")] if route in _CASE_ROUTES else []
        choices = self._choices("cancel") if route in _CASE_ROUTES else ()
        return Reply(route, lead=tuple(lead), calls=self.calls(lines), body=tuple(body), choices=choices, small=self._checks(lines))

    def cancelled(self, number: str) -> Reply:
        """The resident took the case back; without one there was nothing to take back."""
        key = "desk-cancelled" if number else "desk-nothing-to-cancel"
        lead = self.wording.say(key, number=number)
        return Reply(Route.SMALLTALK, lead=(lead,), choices=self._choices("menu", "person"))

    # --- parts -----------------------------------------------------------------------------------------------

    def calls(self, lines: Iterable[Line]) -> tuple[Call, ...]:
        """Lines that may be said, as buttons; what may not be said is replaced by the switchboard, once."""
        said: dict[str, Call] = {}
        for line in lines:
            sayable = line if line.may_be_said(self.moment.now.date()) else self.catalog.lines[self.catalog.duty.switchboard]
            said.setdefault(sayable.id, self._call(sayable))
            if line.use is Use.UNCONFIRMED:
                switchboard = self.catalog.lines[self.catalog.duty.switchboard]
                said.setdefault(switchboard.id, self._call(switchboard))
        return tuple(said.values())

    def _call(self, line: Line) -> Call:
        return Call(line.name, line.phone, dial_string(line.phone), self._state(line), line.link)

    def _state(self, line: Line) -> str:
        if line.hours.always:
            return self.wording.say("open-always")
        state = open_at(line.hours, self.moment.now, self.moment.is_holiday)
        if state is not Open.NO:
            return self.wording.say("open-yes" if state is Open.YES else "open-not-known")
        following = next_opening(line.hours, self.moment.now, self.moment.is_holiday)
        return self.wording.say("open-no", next=self.when(following)) if following else self.wording.say("open-no-unknown")

    def when(self, moment: datetime) -> str:
        """A day and time as people say it: きょう 16:00, 11月24日(火) 9:00."""
        days = (moment.date() - self.moment.now.date()).days
        near = {0: "today", 1: "tomorrow"}.get(days)
        day = self.wording.say(near) if near else f"{moment.month}月{moment.day}日({_WEEKDAY_MARKS[moment.weekday()]})"
        return f"{day} {moment.hour}:{moment.minute:02}"

    def _lines_of(self, entry: Entry) -> list[Line]:
        """The lines to call for an entry: its own special ones, its desk's, its second desk's."""
        desks = [entry] if entry.kind == "contact" else []
        desks += [self.catalog.by_id[name] for name in (entry.contact, entry.second_contact) if name in self.catalog.by_id]
        names = list(entry.lines) + [name for desk in desks for name in desk.lines]
        lines = [self.catalog.lines[name] for name in dict.fromkeys(names)]
        return _one_a_number(lines)[:3]

    def _desk_lines(self) -> list[Line]:
        return [self.catalog.lines[self.catalog.duty.desk_line]]

    def _crisis_lines(self, kind: Kind) -> list[Line]:
        """The kind's lines: in danger as listed, for talking the ones open now first, day-and-night ones before all."""
        lines = [self.catalog.lines[name] for name in self.catalog.crisis_lines[kind]]
        if kind in _TALKING_KINDS:
            now, is_holiday = self.moment.now, self.moment.is_holiday
            lines = [line for line in lines if open_at(line.hours, now, is_holiday) is Open.YES]
            lines.sort(key=lambda line: not line.hours.always)
        return lines[:CRISIS_LINES_SHOWN]

    def _no_voice(self) -> list[str]:
        lines = [self.catalog.lines[name] for name in self.catalog.crisis_lines["no-voice"]]
        return [self.wording.say("emergency-no-voice", name=line.name, link=line.link) for line in lines]

    def _duty_open(self) -> bool:
        return open_at(self.catalog.duty.hours, self.moment.now, self.moment.is_holiday) is Open.YES

    def _honest(self, nobody: str) -> str:
        """Who reads this and when, without promising what nobody keeps."""
        if self._duty_open() and self.catalog.duty.on_duty:
            promise = self.moment.now + timedelta(minutes=self.catalog.duty.promise_minutes)
            return self.wording.say("desk-duty", promise=self.when(promise))
        return self.wording.say(nobody, next_open=self._next_open())

    def _next_open(self) -> str:
        hours, now = self.catalog.duty.hours, self.moment.now
        if self._duty_open():
            minute = now.hour * 60 + now.minute
            until = max(p.end for p in hours.periods if p.start <= minute < p.end)
            return self.wording.say("next-open-now", until=f"{until // 60}:{until % 60:02}")
        following = next_opening(hours, now, self.moment.is_holiday)
        if following is None:
            return self.wording.say("next-open-unknown")
        day, time = self.when(following).split(" ")
        return self.wording.say("next-open-at", day=day, time=time)

    def _duty_hours(self) -> str:
        period = min(self.catalog.duty.hours.periods, key=lambda each: each.start)
        return self.wording.say(
            "duty-hours",
            start=f"{period.start // 60}:{period.start % 60:02}",
            end=f"{period.end // 60}:{period.end % 60:02}",
        )

    def _about(
        self,
        entry: Entry,
        lead: tuple[str, ...],
        *,
        calls: tuple[Call, ...] = (),
        body: tuple[str, ...] = (),
        small: tuple[str, ...] = (),
    ) -> Reply:
        choices = self._choices("more", "side" if entry.actions else "", "others", "person")
        source = (self._source(entry),) if not small else ()
        shown = (Shown(entry.id, entry.title, 1.0),)
        return Reply(Route.ANSWER, lead=lead, calls=calls, body=body, choices=choices, small=(*source, *small), entries=shown)

    def _definition(self, entry: Entry) -> list[str]:
        if not entry.definition:
            return []
        return [self.wording.say("answer-definition", title=entry.title, definition=entry.definition)]

    def _call_script(self, entry: Entry, *, as_helper: bool) -> list[str]:
        sentences = (entry.helper_call if as_helper else ()) or entry.call
        if not sentences:
            return []
        said = "".join(self.wording.say("answer-script-line", sentence=sentence) for sentence in sentences)
        return [self.wording.say("answer-call-script"), said]

    def _actor_lines(self, entry: Entry, actor: Actor, *, head: bool) -> list[str]:
        texts = [self.wording.say("follow-action", text=plain_text(each.text)) for each in entry.actions if each.actor is actor]
        name = self.wording.say(f"actor-{actor}")
        return [self.wording.say("follow-actor-head", actor=name), *texts] if head else texts

    def _source(self, entry: Entry) -> str:
        number = entry.id.rsplit("-", 1)[-1].lstrip("0")
        place = self.wording.say(f"answer-place-{entry.kind}", number=number, title=entry.source_title or entry.title)
        return self.wording.say("answer-source", plan=self.catalog.plan.title, edition=self.catalog.plan.edition, place=place)

    def _small(self, entry: Entry, lines: list[Line]) -> tuple[str, ...]:
        note = (entry.note,) if entry.note else ()
        return (*note, self._source(entry), *self._checks(lines))

    def _checks(self, lines: list[Line]) -> tuple[str, ...]:
        """The state of the check of every number said: by whom, when, from which source; equal ones once."""
        today = self.moment.now.date()
        said: dict[str, None] = {}
        for line in lines:
            key = "hidden" if not line.may_be_said(today) else str(line.use)
            source = "・".join(part for part in (line.source, line.checked_on) if part)
            said[self.wording.say(f"line-check-{key}", name=line.name, source=source, checked_by=line.checked_by)] = None
        return tuple(said)

    def _soft(self, wanted: bool) -> tuple[str, ...]:  # noqa: FBT001 -- private, one flag
        return (self.wording.say("soft-safety"),) if wanted else ()

    def _menu_choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(item.label, f"menu:{position}") for position, item in enumerate(self.catalog.menu))

    def _choices(self, *names: str) -> tuple[Choice, ...]:
        return tuple(Choice(self.wording.say(f"choice-{name}"), name) for name in names if name)


_NEEDING = frozenset({Actor.RESIDENT, Actor.CITY})
_TALKING_KINDS = frozenset(
    {Kind.SUICIDE, Kind.DISTRESS, Kind.MONEY, Kind.CARER, Kind.ABUSE_TOLD, Kind.HOMELESS_JOB, Kind.PERSON}
)
_CASE_ROUTES = frozenset({Route.EMERGENCY, Route.DESK})


def dial_string(phone: str) -> str:
    """What `tel:` takes: digits, a `#` escaped, no extension."""
    number = phone.split("(", 1)[0].split("（", 1)[0]
    return "".join(character for character in number if character.isdigit() or character in "#+").replace("#", "%23")


def plain_text(action: str) -> str:
    """An action without its marks: `[[term-sns|SNS]]` is read SNS."""
    before, *rest = action.split("[[")
    return before + "".join(part.split("|", 1)[1].replace("]]", "", 1) for part in rest)


def _one_a_number(lines: Iterable[Line]) -> list[Line]:
    """Two rows with one number are one call."""
    seen: dict[str, Line] = {}
    for line in lines:
        seen.setdefault(line.phone or line.id, line)
    return list(seen.values())
