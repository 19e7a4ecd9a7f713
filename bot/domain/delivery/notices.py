"""What staff are told, in words: a number, a kind, how urgent, since when, a link. No word of a resident."""

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
"""What the button of a notice carries, before the id of the case."""


@dataclass(frozen=True)
class NoticeFacts:
    """What a notice is written from. `words`: of the resident, only where the city has switched that on."""

    case: Case
    why: str
    at: datetime
    link: str
    words: str = ""
    name: str = ""


@dataclass(frozen=True)
class Notice:
    """A notice in words: what a locked screen shows, the lines, the link, and whether it can be claimed there."""

    subject: str
    lines: tuple[str, ...]
    link: str
    claims: bool
    urgency: Route = field(default=Route.DESK)
    number: str = ""
    shown: str = ""
    """What of the case it says (`shown_state`)."""

    def as_letter(self, letter_id: str, to: str, written_at: datetime) -> MailLetter:
        """The notice as an e-mail."""
        return MailLetter(letter_id, to, self.subject, (*self.lines, self.link), written_at)

    def as_reply(self, case: str, claim: str) -> Reply:
        """The notice as a message of a chat, with the button `claim`."""
        choices = (Choice(claim, CLAIM + case),) if self.claims else ()
        body = (*self.lines, self.link) if self.link else self.lines
        return Reply(self.urgency, lead=(self.subject,), body=body, choices=choices, glance=self.subject)


def shown_state(case: Case) -> str:
    """What of a case stands in a notice in a chat: when it changes, the notice is written anew."""
    return f"{case.status}:{case.owner}"


def notice_of(wording: Wording, facts: NoticeFacts) -> Notice:
    """A notice about a case."""
    case = facts.case
    said = {
        "number": shown_number(case.number),
        "urgency": wording.say(f"urgency-{case.urgency}"),
        "kind": wording.kind_name(case.kind),
        "why": wording.say(f"notice-why-{facts.why}"),
        "name": facts.name,
    }
    lines = [wording.say("notice-what", **said)]
    if case.unanswered_since:
        lines.append(wording.say("notice-waits", span=shown_span(facts.at - case.unanswered_since)))
    if facts.words:
        lines.append(wording.say("notice-words", text=facts.words))
    return _about(wording, facts, said, lines)


def notice_now(wording: Wording, facts: NoticeFacts) -> Notice:
    """The same notice when it is written anew: what the case is now, without a word of the resident."""
    case = facts.case
    said = {
        "number": shown_number(case.number),
        "urgency": wording.say(f"urgency-{case.urgency}"),
        "kind": wording.kind_name(case.kind),
        "why": wording.say(f"notice-why-now-{case.status}", name=facts.name),
    }
    return _about(wording, facts, said, [wording.say("notice-what", **said)])


def _about(wording: Wording, facts: NoticeFacts, said: dict[str, str], lines: list[str]) -> Notice:
    case = facts.case
    return Notice(
        wording.say("notice-subject", **said),
        tuple(lines),
        facts.link,
        claims=case.status is Status.WAITING,
        urgency=case.urgency,
        number=said["number"],
        shown=shown_state(case),
    )


def as_one(wording: Wording, notices: Sequence[tuple[str, Notice]]) -> Reply:
    """Several notices, each with its case, as one message of a chat: all of them, and a button for each that waits."""
    subject = wording.say("notice-several", number=len(notices))
    body = [line for _, each in notices for line in ("", each.subject, *each.lines, each.link)]
    claim = wording.say("notice-claim")
    waiting = {case: Choice(f"{each.number} {claim}", CLAIM + case) for case, each in notices if each.claims}
    urgent = any(each.urgency is Route.EMERGENCY for _, each in notices)
    route = Route.EMERGENCY if urgent else Route.DESK
    return Reply(route, lead=(subject,), body=tuple(body[1:]), choices=tuple(waiting.values()), glance=subject)


def notice_to_chat(
    wording: Wording, told: ChatReplyKind, *, number: str = "", name: str = "", link: str = ""
) -> Notice:
    """What a chat is told about itself, or about a press in it."""
    return Notice(wording.say(f"notice-{told}", number=number, name=name), (), link, claims=False)


def is_needed(case: Case, why: str) -> bool:
    """Whether staff still need this notice: not of a case that somebody has taken or ended since."""
    if case.status is Status.WAITING or why == CaseAction.CANCEL:
        return True
    about_waiting = why in {CaseAction.OPEN, CaseAction.ALARM, CaseAction.LAPSE, CaseAction.RELEASE, CaseAction.REOPEN}
    return case.status is Status.CLAIMED and not about_waiting
