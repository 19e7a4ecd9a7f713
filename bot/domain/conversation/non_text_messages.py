"""Replies to messages without text: stickers, pictures, locations, buttons, new followers, groups."""

from dataclasses import replace

from bot.domain.catalog import Catalog
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import Step
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.conversation.turn import Turn
from bot.domain.messages import EventKind, Inbound, Reply, Route
from bot.domain.understanding.decision import Decision, decide
from bot.domain.wording import Wording

_POLITE = frozenset({"greeting", "thanks", "bye", "praise"})
"""Small talk that a sticker can express; any other meaning of its keywords is a guess."""
_TROUBLE = frozenset({Route.EMERGENCY, Route.DESK})


def non_text_turn(step: Step, message: Inbound) -> Turn:
    """The turn that this message causes. Pure."""
    writer = step.writer
    match message.kind:
        case EventKind.PRESS:
            return step.pressed(message.text)
        case EventKind.FOLLOW:
            welcome = writer.welcome_again() if message.again else writer.welcome()
            return Turn(welcome, Conversation(choices=welcome.choices))
        case EventKind.JOIN:
            return Turn(replace(writer.plain("group-goodbye"), choices=()), Conversation())
        case EventKind.STICKER:
            return _kept(step.talk, _to_sticker(writer, decide(step.understood, step.thresholds, step.catalog.kinds)))
        case _:
            turn = _kept(step.talk, _to_unreadable(writer, message.kind))
            return replace(turn, adds=writer.lines.moment.case_is_open)


def words_of(catalog: Catalog, message: Inbound, *, in_case: bool) -> str:
    """What is stored of a message for staff: its text, or the kind of content. A location only in a case."""
    wording = Wording(catalog.sentences, catalog.lines)
    match message.kind:
        case EventKind.TEXT if message.edits:
            return wording.say("came-edited", text=message.text)
        case EventKind.TEXT | EventKind.FORM:
            return message.text
        case EventKind.PRESS:
            return label_of(catalog, message.text)
        case EventKind.LOCATION if in_case:
            return wording.say("came-location-at", place=message.text)
        case _:
            return wording.say(f"came-{message.kind}")


def label_of(catalog: Catalog, does: str) -> str:
    """The label of the button with this command; the command itself if there is none."""
    wording = Wording(catalog.sentences, catalog.lines)
    does = does.partition("@")[0]
    labels = {f"entry:{entry.id}": entry.button for entry in catalog.entries}
    labels |= {f"menu:{position}": item.label for position, item in enumerate(catalog.menu)}
    name, _, rest = does.partition(":")
    if name == "actor":
        does = f"actor-{rest.rpartition(':')[2]}"
    key = does if name == "actor" else f"choice-{does}"
    return labels.get(does) or (wording.say(key) if key in catalog.wording else does)


def _kept(talk: Conversation, reply: Reply) -> Turn:
    """A reply that does not change the subject."""
    return Turn(reply, replace(talk, choices=reply.choices))


def _to_sticker(writer: ReplyWriter, decision: Decision) -> Reply:
    """Thanks for thanks; if its keywords sound like trouble, the way to help with the request for words."""
    if writer.lines.moment.in_danger:
        return writer.call_instead()
    if decision.route is Route.SMALLTALK and decision.subject in _POLITE:
        return writer.smalltalk(decision.subject)
    return writer.sticker(sad=decision.route in _TROUBLE or decision.soft_safety)


def _to_unreadable(writer: ReplyWriter, kind: EventKind) -> Reply:
    if writer.lines.moment.in_danger:
        return writer.call_instead()
    key = f"unreadable-{kind}" if f"unreadable-{kind}" in writer.catalog.wording else "unreadable"
    return writer.unreadable(key)
