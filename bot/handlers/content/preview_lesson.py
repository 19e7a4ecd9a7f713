"""Preview a lesson before it enters the draft: its effect on the messages of its group and on the checks."""

from dataclasses import dataclass

from bot.content.cards.cards import write_card
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.draft_understander import draft_understander
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.content.teach_from_unmatched import Lesson, LessonTarget, files_with, words_of
from bot.handlers.conversation.answer_dry_run import answer_once
from bot.handlers.index_builder import build_understander

_MAX_MESSAGES = 30


@dataclass(frozen=True)
class Effect:
    """One message: (route, title of the first entry) of the draft without and with the lesson."""

    text: str
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Preview:
    """All messages of the group; of the checks only those whose answer changes."""

    messages: tuple[Effect, ...]
    checks: tuple[Effect, ...]


def preview_lesson(context: AppContext, group: str, taught: LessonTarget) -> Preview:
    """Takes seconds. Raises LessonError, NoSuchCardError, ContentError."""
    messages = words_of(context.store, context.keys, group)[:_MAX_MESSAGES]
    texts = list(dict.fromkeys([taught.words, *(message.words for message in messages)]))
    before = draft_understander(context)
    after = before if taught.lesson in {Lesson.LEAVE, Lesson.CHECK} else _with_lesson(context, before, taught)
    checks = [check.text for check in before.catalog.checks]
    effects = [_effect(context, before, after, text) for text in checks]
    changed = [effect for effect in effects if effect.before != effect.after]
    return Preview(tuple(_effect(context, before, after, text) for text in texts), tuple(changed))


def _with_lesson(context: AppContext, before: Understander, taught: LessonTarget) -> Understander:
    draft = read_draft(context.store)
    place, fields = files_with(draft, taught)
    files = {**draft.files, place.file: write_card(draft.files, place, fields)}
    return build_understander(files, before.analyzer, context.folders.indexes)


def _effect(context: AppContext, before: Understander, after: Understander, text: str) -> Effect:
    return Effect(text, _answer(context, before, text), _answer(context, after, text))


def _answer(context: AppContext, understander: Understander, text: str) -> tuple[str, str]:
    reply = answer_once(understander, context.thresholds, text, context.clock()).reply
    return reply.route, reply.entries[0].title if reply.entries else ""
