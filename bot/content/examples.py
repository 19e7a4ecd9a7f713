"""Every phrase of the content with the class it teaches."""

from collections.abc import Iterable

from bot.domain.catalog import Catalog
from bot.domain.fitting import Example
from bot.domain.matching import DESK, EMERGENCY, NOT_OURS, SMALLTALK
from bot.domain.protocols import Analyzer
from bot.domain.understanding import with_synonyms

_BATCH = 64
_CLASS_OF_ROUTE = {"emergency": EMERGENCY, "desk": DESK, "other": NOT_OURS}


def examples_of(catalog: Catalog, analyzer: Analyzer) -> list[Example]:
    """Phrases of entries (with titles and button words), of what is not ours, of small talk, of distress and danger."""
    rows = [(with_synonyms(catalog.synonyms, text), name, group) for text, name, group in _rows(catalog)]
    texts = [text for text, _, _ in rows]
    analyses = [
        analysis
        for start in range(0, len(texts), _BATCH)
        for analysis in analyzer.analyse(texts[start : start + _BATCH])
    ]
    return [Example(text, name, group, found) for (text, name, group), found in zip(rows, analyses, strict=True)]


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
