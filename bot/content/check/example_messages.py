"""Every phrase of the content as an example of its class."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.domain.catalog import Catalog
from bot.domain.understanding.analyzer import Analysis, Analyzer
from bot.domain.understanding.matching import DESK, EMERGENCY, NOT_OURS, OTHER_CLASSES, SMALLTALK, Example
from bot.domain.understanding.synonyms import with_synonyms

_BATCH = 64
_CLASS_OF_ROUTE = {"emergency": EMERGENCY, "desk": DESK, "other": NOT_OURS}


def examples_of(
    catalog: Catalog, analyzer: Analyzer, known: Mapping[str, Analysis] = MappingProxyType({})
) -> list[Example]:
    """Phrases of entries (with titles and button labels), other subjects, small talk, distress and danger.

    `known`: existing analyses by the same analyzer, by text.
    """
    rows = _usual_rows(catalog)
    new = [text for text in dict.fromkeys(text for text, _, _ in rows) if text not in known]
    analyses = dict(known)
    for start in range(0, len(new), _BATCH):
        batch = new[start : start + _BATCH]
        analyses.update(zip(batch, analyzer.analyse(batch), strict=True))
    return [Example(text, name, group, analyses[text]) for text, name, group in rows]


def examples_digest(catalog: Catalog) -> str:
    """Digest of what an index is fitted from; no other part of the content changes it."""
    rows = [[entry.id for entry in catalog.entries], *_usual_rows(catalog)]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _usual_rows(catalog: Catalog) -> list[tuple[str, str, str]]:
    return [(with_synonyms(catalog.synonyms, text), name, group) for text, name, group in _rows(catalog)]


def _rows(catalog: Catalog) -> Iterable[tuple[str, str, str]]:
    for entry in catalog.entries:
        for text in dict.fromkeys((entry.title, entry.button, *entry.situations, *entry.phrases)):
            yield text, entry.id, entry.id
    for subject in catalog.not_ours:
        for text in subject.phrases:
            yield text, NOT_OURS, subject.id
    for kind in catalog.smalltalk:
        for text in kind.phrases:
            yield text, SMALLTALK, kind.id
    for signal in catalog.signals:
        for text in signal.phrases:
            yield text, _CLASS_OF_ROUTE[signal.route], signal.kind


def texts_by_row(catalog: Catalog) -> list[str]:
    """The text of every row of the index, in its order: by class, then as in the content."""
    places = {name: place for place, name in enumerate([*(entry.id for entry in catalog.entries), *OTHER_CLASSES])}
    return [text for text, _, _ in sorted(_rows(catalog), key=lambda row: places[row[1]])]
