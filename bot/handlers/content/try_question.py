"""Try a sentence on the draft and on the published content: the answers and their reasons."""

from dataclasses import dataclass

from bot.content.check.example_messages import texts_by_row
from bot.content.content_faults import ContentError, Fault
from bot.domain.messages import Reply
from bot.domain.understanding.explain_match import explain
from bot.domain.understanding.kinds import Signal
from bot.domain.understanding.synonyms import with_synonyms
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.draft_understander import draft_understander
from bot.handlers.conversation.answer_dry_run import answer_once

MAX_CHARACTERS = 2000


@dataclass(frozen=True)
class TrialAnswer:
    """An answer and its reasons: triage signals, nearest phrases, contribution of each feature."""

    reply: Reply
    signals: tuple[Signal, ...]
    phrases: tuple[tuple[str, float], ...]
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Trial:
    """`draft` is None if the draft cannot be read; `fault` is then the first reason."""

    text: str
    draft: TrialAnswer | None
    published: TrialAnswer
    fault: Fault | None = None


def try_question(context: AppContext, text: str) -> Trial:
    """Takes seconds if the draft has new phrases."""
    question, now = text.strip()[:MAX_CHARACTERS], context.content.understander
    published = _answered(context, now, question)
    try:
        draft = draft_understander(context)
    except ContentError as error:
        return Trial(question, None, published, error.faults[0])
    return Trial(question, _answered(context, draft, question), published)


def _answered(context: AppContext, understander: Understander, text: str) -> TrialAnswer:
    reply = answer_once(understander, context.thresholds, text, context.clock()).reply
    signals = understander.by_lists(text).signals
    if not reply.entries:
        return TrialAnswer(reply, signals, (), ())
    (analysis,) = understander.analyzer.analyse([with_synonyms(understander.catalog.synonyms, text)[:400]])
    why = explain(understander.index, analysis, reply.entries[0].id)
    texts = texts_by_row(understander.catalog)
    return TrialAnswer(reply, signals, tuple((texts[row], likeness) for row, likeness in why.rows), why.parts)
