"""An editor tries a sentence: what a resident would see from the draft and what they see now, and why."""

from dataclasses import dataclass
from functools import lru_cache

from bot.content.check.example_messages import texts_by_row
from bot.content.content_faults import ContentError, Fault
from bot.content.content_files import pack_files, unpack_files
from bot.domain.messages import Reply
from bot.domain.understanding.explain_match import explain
from bot.domain.understanding.synonyms import with_synonyms
from bot.domain.understanding.triage import Signal
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.conversation.answer_dry_run import answer_once
from bot.handlers.index_builder import IndexBuilder

LONGEST = 2000


@dataclass(frozen=True)
class TrialAnswer:
    """One answer and its reasons: what triage hears, the nearest phrases, what each feature adds."""

    reply: Reply
    signals: tuple[Signal, ...]
    phrases: tuple[tuple[str, float], ...]
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Trial:
    """The same sentence twice. `draft` is None where the draft cannot be read; `fault` is the first reason."""

    text: str
    draft: TrialAnswer | None
    published: TrialAnswer
    fault: Fault | None = None


def try_question(context: AppContext, text: str) -> Trial:
    """Ask both. Seconds, where the draft has new phrases."""
    said, now = text.strip()[:LONGEST], context.content.understander
    published = _answered(context, now, said)
    try:
        draft = draft_understander(context)
    except ContentError as error:
        return Trial(said, None, published, error.faults[0])
    return Trial(said, _answered(context, draft, said), published)


def draft_understander(context: AppContext) -> Understander:
    """The draft, ready to understand. Raises ContentError."""
    draft = read_draft(context.store)
    if not draft.is_changed:
        return context.content.understander
    return _opened(pack_files(draft.files), context.index_builder, context.content.understander)


@lru_cache(maxsize=1)
def _opened(packed: bytes, index_builder: IndexBuilder, like: Understander) -> Understander:
    return index_builder.understander(unpack_files(packed), like.analyzer)


def _answered(context: AppContext, understander: Understander, text: str) -> TrialAnswer:
    reply = answer_once(understander, context.thresholds, text, context.clock()).reply
    signals = understander.by_lists(text).signals
    if not reply.entries:
        return TrialAnswer(reply, signals, (), ())
    (analysis,) = understander.analyzer.analyse([with_synonyms(understander.catalog.synonyms, text)[:400]])
    why = explain(understander.index, analysis, reply.entries[0].id)
    texts = texts_by_row(understander.catalog)
    return TrialAnswer(reply, signals, tuple((texts[row], likeness) for row, likeness in why.rows), why.parts)
