"""Explain a regression: the new words of the draft closest to the message that it no longer detects."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from bot.domain.catalog import Catalog, Entry, NotOurs, Smalltalk
from bot.domain.understanding.matching import rank
from bot.domain.understanding.normalise import squeeze
from bot.domain.understanding.synonyms import with_synonyms
from bot.domain.understanding.triage import Triage, WordGroup
from bot.domain.understanding.understander import Understander
from bot.handlers.content.checks.regression_report import Cause

_PHRASE_SIMILARITY = 55
"""Partial ratio (0 to 100) from which a new phrase is named as the cause."""
_COLLISION_PROBABILITY = 0.45


def cause_of(published: Understander, draft: Understander, text: str) -> Cause:
    synonym = _new_synonym(published.catalog, draft.catalog, text)
    phrase, owner = _new_phrase(published.catalog, draft.catalog, text)
    return Cause(_new_calming(published.catalog.triage, draft.catalog.triage, text), phrase, owner, synonym)


def collisions(published: Understander, draft: Understander) -> Iterable[tuple[str, str, str]]:
    """New phrases that another entry answers today: (phrase, its entry, the entry that answers)."""
    for phrase, owner in new_phrases(published.catalog, draft.catalog):
        if owner not in published.catalog.by_id:
            continue
        (analysis,) = published.analyzer.analyse([with_synonyms(published.catalog.synonyms, phrase)])
        nearest, probability = rank(published.index, analysis).entries[0]
        if nearest != owner and probability >= _COLLISION_PROBABILITY:
            yield phrase, owner, nearest


def new_phrases(published: Catalog, draft: Catalog) -> list[tuple[str, str]]:
    """Phrases that only the draft has: (phrase, its entry, subject or small talk)."""
    known = set(_phrases(published))
    return [pair for pair in _phrases(draft) if pair not in known]


def _phrases(catalog: Catalog) -> Iterable[tuple[str, str]]:
    taught: list[Entry | NotOurs | Smalltalk] = [*catalog.entries, *catalog.not_ours, *catalog.smalltalk]
    for owner in taught:
        yield from ((phrase, owner.id) for phrase in owner.phrases)
    for signal in catalog.signals:
        yield from ((phrase, signal.kind) for phrase in signal.phrases)


def _new_phrase(published: Catalog, draft: Catalog, text: str) -> tuple[str, str]:
    owners = dict(new_phrases(published, draft))
    best = process.extractOne(text, list(owners), scorer=fuzz.partial_ratio, score_cutoff=_PHRASE_SIMILARITY)
    return (best[0], owners[best[0]]) if best else ("", "")


def _new_synonym(published: Catalog, draft: Catalog, text: str) -> str:
    known = set(published.synonyms)
    new = [(before, after) for before, after in draft.synonyms if (before, after) not in known and before in text]
    return f"{new[0][0]} → {new[0][1]}" if new else ""


def _new_calming(published: Triage, draft: Triage, text: str) -> str:
    """Part of the message that only the draft ignores or treats as calming; empty if none."""
    squeezed, before, after = squeeze(text), _calming(published), _calming(draft)
    for name, group in after.items():
        for hit in group.japanese.finditer(squeezed):
            if name not in before or not before[name].japanese.search(hit.group()):
                return hit.group()
    return ""


def _calming(triage: Triage) -> dict[str, WordGroup]:
    """All word groups that remove text or switch a rule off."""
    own = {"idioms": triage.idioms, "information": triage.information, "padding": triage.padding}
    return own | {group.name: group for rule in triage.rules for group in rule.unless}
