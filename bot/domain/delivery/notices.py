"""The text of notices to staff: number, kind, urgency, waiting time, a link; no resident's words unless switched on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.cases.case import Case, shown_number
from bot.domain.cases.case_transitions import CaseAction, Status
from bot.domain.delivery.mail_letter import MailLetter
from bot.domain.delivery.staff_notice import ChatReplyKind
from bot.domain.messages import Choice, Reply, Route
from bot.domain.shown_times import shown_span
from bot.domain.wording import Wording

CLAIM = "claim:"
"""Prefix of the claim button's command, before the id of the case."""


@dataclass(frozen=True)
class NoticeFacts:
    """Data of a notice. `words`: the resident's, only if the city has switched that on."""

    case: Case
    why: str
    at: datetime
    link: str
    words: str = ""
    name: str = ""


@dataclass(frozen=True)
class Notice:
    """The text of a notice. `subject`: also for a locked screen; `claims`: whether it has a claim button."""

    subject: str
    lines: tuple[str, ...]
    link: str
    claims: bool
    urgency: Route = field(default=Route.DESK)
    number: str = ""
    shown: str = ""
    """The state of the case that it shows (`shown_state`)."""

    def as_letter(self, letter_id: str, to: str, written_at: datetime) -> MailLetter:
        return MailLetter(letter_id, to, self.subject, (*self.lines, self.link), written_at)

    def as_reply(self, case: str, claim: str) -> Reply:
        """The notice as a chat message, with a button labelled `claim`."""
        choices = (Choice(claim, CLAIM + case),) if self.claims else ()
        body = (*self.lines, self.link) if self.link else self.lines
        return Reply(self.urgency, lead=(self.subject,), body=body, choices=choices, glance=self.subject)


def shown_state(case: Case) -> str:
    """The state of a case that a notice in a chat shows: when it changes, the notice is edited."""
    return f"{case.status}:{case.owner}"


def notice_of(wording: Wording, facts: NoticeFacts) -> Notice:
    case = facts.case
    values = {
        "number": shown_number(case.number),
        "urgency": wording.say(f"urgency-{case.urgency}"),
        "kind": wording.kind_name(case.kind),
        "why": wording.say(f"notice-why-{facts.why}"),
        "name": facts.name,
    }
    lines = [wording.say("notice-what", **values)]
    if case.unanswered_since:
        lines.append(wording.say("notice-waits", span=shown_span(facts.at - case.unanswered_since)))
    if facts.words:
        lines.append(wording.say("notice-words", text=facts.words))
    return _about(wording, facts, values, lines)


def notice_now(wording: Wording, facts: NoticeFacts) -> Notice:
    """The edited notice: the current state of the case, without the resident's words."""
    case = facts.case
    values = {
        "number": shown_number(case.number),
        "urgency": wording.say(f"urgency-{case.urgency}"),
        "kind": wording.kind_name(case.kind),
        "why": wording.say(f"notice-why-now-{case.status}", name=facts.name),
    }
    return _about(wording, facts, values, [wording.say("notice-what", **values)])


def _about(wording: Wording, facts: NoticeFacts, values: dict[str, str], lines: list[str]) -> Notice:
    case = facts.case
    return Notice(
        wording.say("notice-subject", **values),
        tuple(lines),
        facts.link,
        claims=case.status is Status.WAITING,
        urgency=case.urgency,
        number=values["number"],
        shown=shown_state(case),
    )


def as_one(wording: Wording, notices: Sequence[tuple[str, Notice]]) -> Reply:
    """Several notices, each with its case, as one chat message with a claim button for each waiting case."""
    subject = wording.say("notice-several", number=len(notices))
    body = [line for _, notice in notices for line in ("", notice.subject, *notice.lines, notice.link)]
    claim = wording.say("notice-claim")
    waiting = {case: Choice(f"{notice.number} {claim}", CLAIM + case) for case, notice in notices if notice.claims}
    urgent = any(notice.urgency is Route.EMERGENCY for _, notice in notices)
    route = Route.EMERGENCY if urgent else Route.DESK
    return Reply(route, lead=(subject,), body=tuple(body[1:]), choices=tuple(waiting.values()), glance=subject)


def notice_to_chat(
    wording: Wording, kind: ChatReplyKind, *, number: str = "", name: str = "", link: str = ""
) -> Notice:
    """A message to a chat about the chat itself, or about a button pressed in it."""
    return Notice(wording.say(f"notice-{kind}", number=number, name=name), (), link, claims=False)


def is_needed(case: Case, why: str) -> bool:
    """Whether staff still need this notice: not if somebody has claimed or ended the case since."""
    if case.status is Status.WAITING or why == CaseAction.CANCEL:
        return True
    about_waiting = why in {CaseAction.OPEN, CaseAction.ALARM, CaseAction.LAPSE, CaseAction.RELEASE, CaseAction.REOPEN}
    return case.status is Status.CLAIMED and not about_waiting
