"""Replies to danger and distress: first the numbers to call, then who reads this and when."""

from dataclasses import dataclass

from bot.domain.catalog import Line
from bot.domain.conversation.phone_lines import PhoneLines
from bot.domain.messages import CANCEL, Choice, Reply, Route
from bot.domain.understanding.kinds import KindId, Signal

_LINES_BESIDE_THE_DESK = 2
_CASE_ROUTES = frozenset({Route.EMERGENCY, Route.DESK})


@dataclass(frozen=True)
class CrisisReplyWriter:
    """Writes the replies to danger, to distress, and to the wish for a person."""

    lines: PhoneLines

    def emergency(self, signals: tuple[Signal, ...]) -> Reply:
        """First the numbers to call, with little else; then who reads this and when."""
        kinds = [self.lines.catalog.kinds[signal.kind] for signal in signals if signal.route is Route.EMERGENCY]
        first, *more = kinds
        calls = list(self.lines.calls(self.lines.crisis_lines(first.id)))
        for kind in more:
            calls += [call for call in self.lines.calls(self.lines.crisis_lines(kind.id))[:2] if call not in calls]
        body = [self.lines.wording.say("emergency-address")] if not first.is_talk else []
        if len(calls) > 1:
            body.append(self.lines.wording.say("emergency-next-line"))
        body += self.lines.no_voice() if any(kind.has_silent_line for kind in kinds) else []
        body += [self.lines.wording.say("emergency-now-danger")] if any(kind.is_talk for kind in kinds) else []
        body += [
            self.lines.wording.say("emergency-case", number=self.lines.moment.number),
            self.lines.staff_availability("emergency-nobody"),
        ]
        return Reply(
            Route.EMERGENCY,
            lead=(self.lines.wording.say(f"emergency-{first.id}"),),
            calls=tuple(calls),
            body=tuple(body),
            choices=self._choices("cancel"),
            small=(self.lines.wording.say("check-small-emergency"),),
        )

    def desk(self, kind: KindId) -> Reply:
        """The case number, when staff read it, and which lines answer now."""
        lines: list[Line] = []
        others = self.lines.crisis_lines(kind)
        if self.lines.duty_is_open():
            lines, others = self.lines.desk_lines(), others[:_LINES_BESIDE_THE_DESK]
        known = {line.id for line in lines}
        lines += [line for line in others if line.id not in known]
        key = "desk-case-again" if self.lines.moment.case_is_open else "desk-case"
        body = [self.lines.wording.say("desk-now-lines"), self.lines.wording.say("emergency-now-danger")]
        body += self.lines.no_voice() if self.lines.catalog.kinds[kind].has_silent_line else []
        body += [self.lines.wording.say(key, number=self.lines.moment.number)]
        body.append(self.lines.staff_availability("desk-nobody"))
        link = self.lines.moment.private_link
        body += [self.lines.wording.say("private-page", link=link)] if link else []
        return Reply(
            Route.DESK,
            lead=(self.lines.wording.say(f"desk-{kind}"),),
            calls=self.lines.calls(lines),
            body=tuple(body),
            choices=self._choices("cancel", "for-other", "menu"),
            small=self.lines.checks(lines),
        )

    def other_language(self, route: Route) -> Reply:
        """The one approved reply in English and easy Japanese, with the lines that speak other languages."""
        lead = [self.lines.wording.say("other-language")]
        lines = [self.lines.catalog.lines[name] for name in self.lines.catalog.crisis_lines["other-language"]]
        if route is Route.EMERGENCY:
            lead.insert(0, self.lines.wording.say("other-language-emergency"))
            lines = [self.lines.catalog.lines[name] for name in ("nat-119", "nat-110")] + lines
        body = (
            [self.lines.wording.say("other-language-case", number=self.lines.moment.number)]
            if route in _CASE_ROUTES
            else []
        )
        body += [self.lines.staff_availability("desk-nobody")] if route in _CASE_ROUTES else []
        choices = self._choices("cancel") if route in _CASE_ROUTES else ()
        return Reply(
            route,
            lead=tuple(lead),
            calls=self.lines.calls(lines),
            body=tuple(body),
            choices=choices,
            small=self.lines.checks(lines),
        )

    def cancelled(self, number: str) -> Reply:
        """The resident withdrew the case. `number`: empty if there was none to withdraw."""
        key = "desk-cancelled" if number else "desk-nothing-to-cancel"
        lead = self.lines.wording.say(key, number=number)
        return Reply(Route.SMALLTALK, lead=(lead,), choices=self._choices("menu", "person"))

    def for_other(self) -> Reply:
        """The writer writes for somebody else: no questions, only what helps."""
        lead = self.lines.wording.say("for-other", number=self.lines.moment.number)
        return Reply(Route.DESK, lead=(lead,), choices=self._choices("cancel", "menu"))

    def to_resident(self, words: str) -> Reply:
        """A message from staff, with a button back to the bot."""
        lead = self.lines.wording.say("staff-says")
        link = self.lines.moment.private_link
        page = (self.lines.wording.say("private-page", link=link),) if link else ()
        return Reply(Route.DESK, lead=(lead,), body=(words, *page), choices=self._choices("return"), by_staff=True)

    def staff_reads(self) -> Reply:
        """Staff have claimed the case: the bot is silent from now on."""
        lead = self.lines.wording.say("staff-reads", number=self.lines.moment.number)
        return Reply(Route.DESK, lead=(lead,), choices=self._choices("return"))

    def staff_left(self, key: str, *, asks_later: bool = False) -> Reply:
        """Staff no longer answer: the bot does again."""
        lead = self.lines.wording.say(key, number=self.lines.moment.number)
        body = (self.lines.wording.say("agree-offer"),) if asks_later else ()
        choices = self._choices(*(("agree",) if asks_later else ()), "menu", "person")
        return Reply(Route.DESK, lead=(lead,), body=body, choices=choices)

    def found_help(self) -> Reply:
        """The follow-up question, days later and with consent. It does not name the trouble."""
        lead = self.lines.wording.say("ask-found-help")
        return Reply(Route.DESK, lead=(lead,), choices=self._choices("found-help", "no-help-yet", "ask-no-more"))

    def _choices(self, *names: str) -> tuple[Choice, ...]:
        return tuple(Choice(self.lines.wording.say(f"choice-{name}"), self._does(name)) for name in names)

    def _does(self, name: str) -> str:
        """The command of a button; that of `cancel` carries the number of its case."""
        return f"{name}@{self.lines.moment.number}" if name == CANCEL else name
