"""Write the replies: first what to do, whom to call and whether they are open, then the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.catalog import Actor, Catalog, Entry, Line
from bot.domain.conversation.crisis_replies import CrisisReplyWriter
from bot.domain.conversation.phone_lines import PhoneLines, ReplyContext
from bot.domain.messages import Choice, Reply, Route, ShownEntry
from bot.domain.switches import Switch
from bot.domain.wording import Wording


@dataclass(frozen=True)
class ReplyWriter:
    """Writes replies from one revision of the content, at one moment, for one reader."""

    catalog: Catalog
    wording: Wording
    lines: PhoneLines
    crisis: CrisisReplyWriter

    @classmethod
    def of(cls, catalog: Catalog, moment: ReplyContext, *, easy: bool = False) -> "ReplyWriter":
        """`easy`: prefer easy Japanese."""
        wording = Wording(catalog.sentences, catalog.lines, easy=easy)
        lines = PhoneLines(catalog, moment, wording)
        return cls(catalog, wording, lines, CrisisReplyWriter(lines))

    # --- answers ---------------------------------------------------------------------------------------------

    def answer(self, shown: tuple[ShownEntry, ...], *, helps: bool, soft_safety: bool = False) -> Reply:
        """The first entry as the answer, the others as 「ほかの候補」."""
        entry = self.catalog.by_id[shown[0].id]
        lines = self.lines.lines_of(entry)
        as_helper = helps and bool(entry.helper_lead)
        lead = entry.helper_lead if as_helper else entry.easy if self.wording.easy else entry.lead
        others = [self.catalog.by_id[other.id] for other in shown[1:]]
        choices = [Choice(other.button, f"entry:{other.id}") for other in others]
        body = [*self._definition(entry), *self._call_script(entry, as_helper=as_helper)]
        return Reply(
            Route.ANSWER,
            lead=(lead,),
            calls=self.lines.calls(lines),
            body=tuple(body),
            choices=(*choices, *self._choices("more", "side" if entry.actions else "", "person", "good", "wrong")),
            small=(*self._soft(wanted=soft_safety), *self._small(entry, lines)),
            entries=shown,
        )

    def clarify(self, shown: tuple[ShownEntry, ...], *, again: bool) -> Reply:
        """The candidates as buttons in everyday words, and a way out."""
        buttons = tuple(Choice(self.catalog.by_id[entry.id].button, f"entry:{entry.id}") for entry in shown)
        lead = self.wording.say("clarify-again" if again else "clarify")
        return Reply(Route.CLARIFY, lead=(lead,), choices=(*buttons, *self._choices("none", "person")), entries=shown)

    def phones(self, entry: Entry) -> Reply:
        """Only the numbers of an entry."""
        lead = self.wording.say("follow-phone", title=entry.title)
        return self._about(entry, (lead,), lines=self.lines.lines_of(entry))

    def hours(self, entry: Entry) -> Reply:
        """When the lines of an entry answer."""
        lines = self.lines.lines_of(entry)
        body = tuple(map(self._hours_line, (line for line in lines if line.may_be_said(self.lines.moment.now.date()))))
        lead = self.wording.say("follow-hours", title=entry.title)
        return self._about(entry, (lead,), lines=lines, body=body)

    def _hours_line(self, line: Line) -> str:
        known = line.hours_text or self.wording.say("follow-hours-unknown")
        return self.wording.say("follow-hours-line", name=line.name, hours=known, state=self.lines.state(line))

    def more(self, entry: Entry) -> Reply:
        """What the plan says of every actor, verbatim."""
        if not entry.actions:
            return self._about(entry, (*self._definition(entry), self.wording.say("follow-no-actions")))
        body = [*self._goal(entry), *(line for actor in Actor for line in self._actor_lines(entry, actor, head=True))]
        return self._about(entry, (self.wording.say("follow-more"),), body=tuple(body))

    def sides(self, entry: Entry) -> Reply:
        """The five actors as buttons."""
        if not entry.actions:
            return self.more(entry)
        buttons = tuple(Choice(self.wording.say(f"actor-{actor}"), f"actor:{entry.id}:{actor}") for actor in Actor)
        return replace(self._about(entry, (self.wording.say("follow-side"),)), choices=buttons)

    def side(self, entry: Entry, actor: Actor) -> Reply:
        """What one actor does under a measure, verbatim."""
        if not entry.actions:
            return self.more(entry)
        lead = self.wording.say("follow-side-done", actor=self.wording.say(f"actor-{actor}"))
        script = self._call_script(entry, as_helper=actor not in _NEEDING)
        body = (*self._actor_lines(entry, actor, head=False), *script)
        return self._about(entry, (lead,), lines=self.lines.lines_of(entry), body=body)

    def others(self, shown: tuple[ShownEntry, ...]) -> Reply:
        """The other candidates of the last answer."""
        if not shown:
            return Reply(
                Route.CLARIFY, lead=(self.wording.say("follow-no-others"),), choices=self._choices("menu", "person")
            )
        buttons = tuple(Choice(self.catalog.by_id[entry.id].button, f"entry:{entry.id}") for entry in shown)
        lead = self.wording.say("follow-others")
        return Reply(Route.CLARIFY, lead=(lead,), choices=(*buttons, *self._choices("menu", "person")), entries=shown)

    # --- menu, small talk, other subjects ---------------------------------------------------------------------

    def welcome(self) -> Reply:
        """What the bot is and is not."""
        hours = self.lines.duty_hours()
        body = (
            self.wording.say("welcome-limits"),
            self.wording.say("welcome-privacy"),
            self.wording.say("welcome-hours", hours=hours),
        )
        return Reply(Route.SMALLTALK, lead=(self.wording.say("welcome"),), body=body, choices=self._menu_choices())

    def menu(self, key: str = "menu") -> Reply:
        """Life situations as buttons."""
        return Reply(
            Route.CLARIFY, lead=(self.wording.say(key),), choices=(*self._menu_choices(), *self._choices("person"))
        )

    def menu_item(self, position: int) -> Reply:
        """The entries of one life situation."""
        item = self.catalog.menu[position]
        buttons = tuple(Choice(self.catalog.by_id[name].button, f"entry:{name}") for name in item.entries)
        return Reply(Route.CLARIFY, lead=(item.question,), choices=(*buttons, *self._choices("menu", "person")))

    def give_up(self) -> Reply:
        """After two clarifying questions: the menu and a person."""
        calls = self.lines.calls(self.lines.desk_lines())
        return replace(self.menu("give-up"), route=Route.UNKNOWN, calls=calls)

    def not_ours(self, subject: str, *, soft_safety: bool) -> Reply:
        """Where to go instead; for an unknown subject, an honest 'I do not know' with a person."""
        known = next((other for other in self.catalog.not_ours if other.id == subject), None)
        if known is None or self.wording.easy:
            lead = self.wording.say("unknown")
        else:
            lead = self.wording.say("not-ours", title=known.title, instead=known.instead)
        line = self.catalog.lines.get(known.line if known and known.line else self.catalog.duty.switchboard)
        calls = self.lines.calls([line]) if line and not (known and not known.line) else ()
        return Reply(
            Route.UNKNOWN,
            lead=(lead,),
            calls=calls,
            choices=self._choices("menu", "person"),
            small=(*self._soft(wanted=soft_safety), *self.lines.checks([line] if calls and line else [])),
        )

    def smalltalk(self, kind: str) -> Reply:
        smalltalk = next((row for row in self.catalog.smalltalk if row.id == kind), None)
        lead = smalltalk.reply if smalltalk else self.wording.say("restarted")
        return Reply(Route.SMALLTALK, lead=(lead,), choices=self._choices("menu", "person"))

    def judged(self, shown: tuple[ShownEntry, ...], *, is_good: bool) -> Reply:
        """Thanks for feedback; if the answer was wrong, the other candidates, the menu and a person."""
        if is_good:
            return self.plain("judged-good")
        buttons = tuple(Choice(self.catalog.by_id[entry.id].button, f"entry:{entry.id}") for entry in shown)
        lead = self.wording.say("judged-wrong")
        return Reply(Route.CLARIFY, lead=(lead,), choices=(*buttons, *self._choices("menu", "person")), entries=shown)

    def plain(self, key: str, route: Route = Route.SMALLTALK) -> Reply:
        """One sentence with the menu and a person."""
        return Reply(route, lead=(self.wording.say(key),), choices=self._choices("menu", "person"))

    # --- switched by the office ------------------------------------------------------------------------------

    def switched_off(self) -> Reply:
        """The fixed safe text while answers are switched off, with the emergency numbers."""
        lines = [self.catalog.lines[name] for name in ("nat-119", "nat-110", self.catalog.duty.switchboard)]
        return Reply(
            Route.UNKNOWN,
            lead=(self.wording.say("answers-off"),),
            calls=self.lines.calls(lines),
            choices=self._choices("person"),
        )

    def in_disaster(self, reply: Reply) -> Reply:
        """The reply with the disaster lines first; in danger the life-saving call stays first."""
        if not self.lines.moment.switches.is_on(Switch.DISASTER):
            return reply
        banner, calls = self.wording.say("disaster"), self.lines.calls(self.lines.disaster_lines())
        if reply.route is Route.EMERGENCY:
            return replace(reply, body=(*reply.body, banner))
        more = tuple(call for call in reply.calls if call not in calls)
        return replace(reply, lead=(banner, *reply.lead), calls=(*calls, *more))

    def kept_in_case(self, reply: Reply) -> Reply:
        """The answer to a message that staff read too, because its writer has an open case."""
        kept = self.wording.say("kept-in-case", number=self.lines.moment.number)
        return replace(reply, small=(kept, *reply.small))

    # --- messages without text -------------------------------------------------------------------------------

    def welcome_again(self) -> Reply:
        """For somebody who comes back after blocking the bot."""
        return replace(self.welcome(), lead=(self.wording.say("welcome-again"),))

    def sticker(self, *, sad: bool) -> Reply:
        """Thanks, and a request for words; if it looks sad, also the way to help."""
        reply = replace(self.plain("sticker-sad" if sad else "sticker"), route=Route.UNKNOWN)
        return replace(reply, small=self._soft(wanted=sad))

    def unreadable(self, key: str) -> Reply:
        """Says that the bot cannot read it; if a case is open, that staff see that it came."""
        known = self.lines.moment.case_is_open
        body = (self.wording.say("unreadable-case", number=self.lines.moment.number),) if known else ()
        return replace(self.plain(key, Route.UNKNOWN), body=body, small=self._soft(wanted=True))

    def call_instead(self) -> Reply:
        """In danger: nothing sent here brings help, only the call does."""
        line = self.catalog.lines["nat-119"]
        return Reply(
            Route.EMERGENCY,
            lead=(self.wording.say("unreadable-in-danger"),),
            calls=self.lines.calls([line]),
            body=(self.wording.say("emergency-case", number=self.lines.moment.number),),
        )

    # --- parts -----------------------------------------------------------------------------------------------

    def _about(
        self, entry: Entry, lead: tuple[str, ...], *, lines: Sequence[Line] = (), body: tuple[str, ...] = ()
    ) -> Reply:
        """More about an entry answered before."""
        return Reply(
            Route.ANSWER,
            lead=lead,
            calls=self.lines.calls(lines),
            body=body,
            choices=self._choices("more", "side" if entry.actions else "", "others", "person"),
            small=(self._source(entry), *self.lines.checks(lines)),
            entries=(ShownEntry(entry.id, entry.title, 1.0),),
        )

    def _definition(self, entry: Entry) -> list[str]:
        if not entry.definition:
            return []
        return [self.wording.say("answer-definition", title=entry.title, definition=entry.definition)]

    def _goal(self, entry: Entry) -> list[str]:
        goals = (goal for goal in self.catalog.plan.goals if goal.number == entry.goal)
        return [self.wording.say("follow-goal", number=str(goal.number), title=goal.title) for goal in goals]

    def _call_script(self, entry: Entry, *, as_helper: bool) -> list[str]:
        sentences = (entry.helper_call if as_helper else ()) or entry.call
        if not sentences:
            return []
        script = "".join(self.wording.say("answer-script-line", sentence=sentence) for sentence in sentences)
        return [self.wording.say("answer-call-script"), script]

    def _actor_lines(self, entry: Entry, actor: Actor, *, head: bool) -> list[str]:
        texts = [
            self.wording.say("follow-action", text=plain_text(action.text))
            for action in entry.actions
            if action.actor is actor
        ]
        name = self.wording.say(f"actor-{actor}")
        return [self.wording.say("follow-actor-head", actor=name), *texts] if head else texts

    def _source(self, entry: Entry) -> str:
        number = entry.id.rsplit("-", 1)[-1].lstrip("0")
        place = self.wording.say(f"answer-place-{entry.kind}", number=number, title=entry.source_title or entry.title)
        plan = self.catalog.plan
        source = self.wording.say("answer-source", plan=plan.title, edition=plan.edition, place=place)
        is_over = plan.ends_on and plan.ends_on < self.lines.moment.now.date()
        return f"{source}。{self.wording.say('answer-old-edition')}" if is_over else source

    def _small(self, entry: Entry, lines: list[Line]) -> tuple[str, ...]:
        note = (entry.note,) if entry.note else ()
        return (*note, self._source(entry), *self.lines.checks(lines))

    def _soft(self, *, wanted: bool) -> tuple[str, ...]:
        return (self.wording.say("soft-safety"),) if wanted else ()

    def _menu_choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(item.label, f"menu:{position}") for position, item in enumerate(self.catalog.menu))

    def _choices(self, *names: str) -> tuple[Choice, ...]:
        return tuple(Choice(self.wording.say(f"choice-{name}"), name) for name in names if name)


_NEEDING = frozenset({Actor.RESIDENT, Actor.CITY})


def plain_text(action: str) -> str:
    """The action without its marks: `[[term-sns|SNS]]` becomes SNS."""
    before, *rest = action.split("[[")
    return before + "".join(part.split("|", 1)[1].replace("]]", "", 1) for part in rest)
