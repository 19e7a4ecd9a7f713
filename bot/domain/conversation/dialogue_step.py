"""One dialogue step: from the understood message and the dialogue's state to a reply and the next state."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.cases.case import Case, CaseWish
from bot.domain.cases.case_transitions import FollowUpReport
from bot.domain.catalog import Actor, Catalog
from bot.domain.conversation.commands import (
    AFTER_ANSWER,
    AFTER_END,
    ALWAYS,
    WHILE_OPEN,
    chosen,
    command,
    mentions,
)
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.conversation.turn import Turn
from bot.domain.messages import CANCEL, Choice, Reply, Route, ShownEntry
from bot.domain.understanding.decision import Decision, Thresholds, Understanding, decide
from bot.domain.understanding.kinds import KindId, KindRole, Kinds, worst

TOLD_AGAIN = timedelta(minutes=30)
"""While staff have the case, the bot gives the numbers to call at most once in this time."""
QUESTIONS_BACK = 2
"""Most clarifying questions in a row; then the menu and a person."""


def speaks_beside_staff(turn: Turn, case: Case | None, now: datetime) -> bool:
    """Whether the bot replies. While staff have the case: to commands about it, and in danger with numbers to call."""
    if case is None or not case.staff_answer or turn.cancels or turn.returns:
        return True
    in_danger = turn.case is not None and turn.case.urgency is Route.EMERGENCY
    return in_danger and (case.told_at is None or now - case.told_at >= TOLD_AGAIN)


def as_private(turn: Turn, kinds: Kinds) -> Turn:
    """The turn of a text from our private page for the desk: whatever it says, it belongs to a case."""
    wish = turn.case or CaseWish(kinds.standing_for(KindRole.PERSON).id, Route.DESK)
    return replace(turn, case=wish, cancels=False, returns=False, report=None)


@dataclass(frozen=True)
class Step:
    """One message in one dialogue."""

    catalog: Catalog
    thresholds: Thresholds
    talk: Conversation
    understood: Understanding
    writer: ReplyWriter

    def turn(self) -> Turn:
        """Danger and distress first, then commands, then the question itself."""
        signal = worst(self.understood.signals, self.catalog.kinds)
        decision = decide(self.understood, self.thresholds, self.catalog.kinds)
        if signal and decision.route in _CASE_ROUTES:
            return self._to_desk(decision)
        steered = self._steered()
        if steered:
            return steered
        if self.understood.other_script and decision.route not in _CASE_ROUTES:
            return self._said(self.writer.crisis.other_language(Route.UNKNOWN))
        if decision.route in _CASE_ROUTES:
            return self._to_desk(decision)
        return self._about(decision)

    def _steered(self) -> Turn | None:
        """A typed button label, a command, or a follow-up to the last answer."""
        text, says = self.understood.text, self.catalog.says
        choices = () if self.writer.lines.moment.staff_answer else self.talk.choices
        choice = chosen(says, text, choices) or self._known_button(text)
        name = choice.does if choice else command(says, text, self._understood_now())
        if name.partition("@")[0] == CANCEL:
            name = CANCEL  # typed, it means the current case, whichever button has these words
        return replace(self._do(name), steers=True) if name else None

    def _understood_now(self) -> tuple[str, ...]:
        """The commands that are possible at this point of the dialogue."""
        moment = self.writer.lines.moment
        after_answer = AFTER_ANSWER if self.talk.entry else ()
        after_end = AFTER_END if moment.may_agree else tuple(name for name in AFTER_END if name != FollowUpReport.AGREE)
        about_case = WHILE_OPEN if moment.case_is_open else after_end if moment.case_has_ended else ()
        return (*ALWAYS, *after_answer, *about_case, *(("none",) if self.talk.choices else ()))

    def _known_button(self, text: str) -> Choice | None:
        """A button of an older message or of the permanent menu: its typed label still works."""
        entries = [Choice(entry.button, f"entry:{entry.id}") for entry in self.catalog.entries]
        menu = [Choice(item.label, f"menu:{position}") for position, item in enumerate(self.catalog.menu)]
        return next((choice for choice in (*entries, *menu) if choice.label == text.strip()), None)

    def pressed(self, does: str) -> Turn:
        """A button press by its command: `entry:measure-13`, `more@measure-13`. Unknown ones get the menu."""
        name, _, about = does.partition("@")
        if name == CANCEL:
            return replace(self._do(does), steers=True)
        known = replace(self, talk=replace(self.talk, entry=about)) if about in self.catalog.by_id else self
        try:
            return replace(known._do(name), steers=True)  # noqa: SLF001 -- the same class
        except (KeyError, ValueError, IndexError):
            return replace(self._said(self.writer.menu()), steers=True)

    def _do(self, does: str) -> Turn:
        if does.partition("@")[0] == CANCEL:
            return self._cancel(does.partition("@")[2])
        name, _, rest = does.partition(":")
        doing: dict[str, Callable[[str], Turn]] = {
            "entry": self._entry,
            "actor": self._actor,
            "menu": lambda rest: self._said(self.writer.menu_item(int(rest)) if rest else self.writer.menu()),
            "person": lambda _: self._for_desk(KindRole.PERSON),
            "stop": lambda _: Turn(self.writer.plain("stopped"), Conversation()),
            "restart": lambda _: Turn(self.writer.welcome(), Conversation(choices=self.writer.welcome().choices)),
            "return": lambda _: Turn(self.writer.plain("bot-again"), Conversation(), returns=True),
            "good": lambda _: self._judged("good"),
            "wrong": lambda _: self._judged("wrong"),
            "none": lambda _: self._ask_back(self.writer.menu()),
            "for-other": lambda _: Turn(self.writer.crisis.for_other(), self.talk, for_other=True),
            **{report: partial(self._report, report) for report in FollowUpReport},
        }
        return doing[name](rest) if name in doing else self._follow_up(name)

    def _cancel(self, number: str) -> Turn:
        """Withdraw the case, unless the button belongs to an older case."""
        is_old = bool(number) and number != self.writer.lines.moment.number
        reply = self.writer.crisis.cancelled("" if is_old else self._open_number())
        return Turn(reply, Conversation(), cancels=not is_old)

    def _report(self, report: FollowUpReport, _rest: str) -> Turn:
        again = report is FollowUpReport.NO_HELP_YET
        person = self.catalog.kinds.standing_for(KindRole.PERSON).id
        reply = self.writer.crisis.desk(person) if again else self.writer.plain(f"said-{report}")
        return Turn(reply, Conversation(choices=reply.choices), report=report)

    def _follow_up(self, name: str) -> Turn:
        entry = self.catalog.by_id[self.talk.entry]
        if name.startswith("actor-"):
            return self._said(self.writer.side(entry, Actor(name.removeprefix("actor-"))))
        writing = {
            "phone": lambda: self.writer.phones(entry),
            "hours": lambda: self.writer.hours(entry),
            "more": lambda: self.writer.more(entry),
            "side": lambda: self.writer.sides(entry),
            "others": lambda: self.writer.others(self._shown_others()),
        }
        return self._said(writing[name]())

    def _judged(self, verdict: str) -> Turn:
        """Feedback on the last answer."""
        turn = self._said(self.writer.judged(self._shown_others(), is_good=verdict == "good"))
        return replace(turn, verdict=verdict) if self.talk.entry else turn

    def _entry(self, name: str) -> Turn:
        reply = self.writer.answer((self._shown(name, 1.0),), helps=False)
        rest = tuple(other for other in self.talk.others if other != name)
        return Turn(reply, Conversation(entry=name, choices=reply.choices, others=rest))

    def _actor(self, rest: str) -> Turn:
        name, _, actor = rest.partition(":")
        return self._said(self.writer.side(self.catalog.by_id[name], Actor(actor)), entry=name)

    def _about(self, decision: Decision) -> Turn:
        """The reply to the question itself."""
        shown = tuple(self._shown(name, score) for name, score in decision.entries)
        if decision.route is Route.ANSWER:
            helps = mentions(self.catalog.says, self.understood.text, "helper")
            reply = self.writer.answer(shown, helps=helps, soft_safety=decision.soft_safety)
            return Turn(
                reply,
                Conversation(entry=shown[0].id, choices=reply.choices, others=tuple(entry.id for entry in shown[1:])),
            )
        if decision.route is Route.CLARIFY:
            reply = self.writer.clarify(shown, again=self.talk.questions_back > 0)
            return self._ask_back(reply, others=tuple(entry.id for entry in shown))
        if decision.route is Route.SMALLTALK:
            return self._said(self.writer.smalltalk(decision.subject))
        turn = self._said(self.writer.not_ours(decision.subject, soft_safety=decision.soft_safety))
        return replace(turn, talk=replace(turn.talk, unsettled=True))

    def _ask_back(self, reply: Reply, others: tuple[str, ...] = ()) -> Turn:
        """A clarifying question, at most twice in a row; then the menu and a person."""
        asked = self.talk.questions_back + 1
        if asked > QUESTIONS_BACK:
            reply, asked = self.writer.give_up(), 0
        return Turn(reply, Conversation(choices=reply.choices, others=others, questions_back=asked, unsettled=True))

    def _to_desk(self, decision: Decision) -> Turn:
        """Danger or distress opens a case, whatever else was going on."""
        signal = worst(decision.signals, self.catalog.kinds)
        if signal is None:
            return self._for_desk(KindRole.UNSURE_DESK)
        if self.understood.other_script:
            reply = self.writer.crisis.other_language(signal.route)
        elif signal.route is Route.EMERGENCY:
            reply = self.writer.crisis.emergency(decision.signals)
        else:
            reply = self._with_entries(self.writer.crisis.desk(signal.kind), decision.entries)
        return self._case(signal.kind, signal.route, reply)

    def _with_entries(self, reply: Reply, entries: tuple[tuple[str, float], ...]) -> Reply:
        """The desk's reply with the matching entries of the plan as buttons."""
        buttons = tuple(Choice(self.catalog.by_id[name].button, f"entry:{name}") for name, _ in entries)
        shown = tuple(self._shown(name, score) for name, score in entries)
        return replace(reply, choices=(*buttons, *reply.choices), entries=shown)

    def _for_desk(self, role: KindRole) -> Turn:
        kind = self.catalog.kinds.standing_for(role).id
        return self._case(kind, Route.DESK, self.writer.crisis.desk(kind))

    def _case(self, kind: KindId, urgency: Route, reply: Reply) -> Turn:
        return Turn(
            reply, replace(self.talk, choices=reply.choices, questions_back=0, unsettled=False), CaseWish(kind, urgency)
        )

    def _said(self, reply: Reply, entry: str = "") -> Turn:
        """A reply that does not change the subject."""
        return Turn(reply, Conversation(entry=entry or self.talk.entry, choices=reply.choices, others=self.talk.others))

    def _shown(self, name: str, score: float) -> ShownEntry:
        return ShownEntry(name, self.catalog.by_id[name].title, round(score, 4))

    def _shown_others(self) -> tuple[ShownEntry, ...]:
        return tuple(self._shown(name, 0.0) for name in self.talk.others if name != self.talk.entry)

    def _open_number(self) -> str:
        return self.writer.lines.moment.number if self.writer.lines.moment.case_is_open else ""


_CASE_ROUTES = frozenset({Route.EMERGENCY, Route.DESK})


def step(
    catalog: Catalog, thresholds: Thresholds, talk: Conversation, understood: Understanding, moment: ReplyContext
) -> Turn:
    """From one message to a reply and the next state of the dialogue. Pure."""
    writer = ReplyWriter.of(catalog, moment, easy=understood.mostly_kana)
    return Step(catalog, thresholds, talk, understood, writer).turn()
