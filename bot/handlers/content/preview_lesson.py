"""What a lesson would change, before it is in the draft: the messages of its group, and the checks."""

from dataclasses import dataclass

from bot.content.cards.cards import write_card
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.teach_from_unmatched import Lesson, LessonTarget, files_with, words_of
from bot.handlers.content.try_question import draft_understander
from bot.handlers.conversation.answer_dry_run import answer_once

_MOST = 30


@dataclass(frozen=True)
class Effect:
    """One message: route and first entry, from the draft as it is and with the lesson."""

    text: str
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Preview:
    """The messages of the group, and the checks whose answer changes."""

    messages: tuple[Effect, ...]
    checks: tuple[Effect, ...]


def preview_lesson(context: AppContext, group: str, taught: LessonTarget) -> Preview:
    """Try the lesson. Seconds. Raises LessonError, NoSuchCardError, ContentError."""
    messages = words_of(context.store, context.keys, group)[:_MOST]
    texts = list(dict.fromkeys([taught.words, *(each.words for each in messages)]))
    before = draft_understander(context)
    after = before if taught.lesson in {Lesson.LEAVE, Lesson.CHECK} else _with_lesson(context, before, taught)
    checks = [check.text for check in before.catalog.checks]
    changed = [each for each in (_effect(context, before, after, text) for text in checks) if each.before != each.after]
    return Preview(tuple(_effect(context, before, after, text) for text in texts), tuple(changed))


def _with_lesson(context: AppContext, before: Understander, taught: LessonTarget) -> Understander:
    draft = read_draft(context.store)
    place, fields = files_with(draft, taught)
    files = {**draft.files, place.file: write_card(draft.files, place, fields)}
    return context.index_builder.understander(files, before.analyzer)


def _effect(context: AppContext, before: Understander, after: Understander, text: str) -> Effect:
    return Effect(text, _answer(context, before, text), _answer(context, after, text))


def _answer(context: AppContext, understander: Understander, text: str) -> tuple[str, str]:
    reply = answer_once(understander, context.thresholds, text, context.clock()).reply
    return reply.route, reply.entries[0].title if reply.entries else ""
