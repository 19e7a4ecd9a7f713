"""Which entry fits: a message against every phrase, six features a class, one fitted softmax over all classes.

The classes are the 27 entries and four that are no entry: what is not ours, small talk, and the two that triage may
add to its lists (distress, danger). Features of a class: the mean over its three nearest phrases of n-gram cosine,
`partial_ratio` of readings, `token_set_ratio` of words and vector cosine; and two ridge classifiers, on n-grams and on
vectors. How much each counts is fitted from the content (`fitting`).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from bot.domain.understanding.analyzer import Analysis

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

NOT_OURS, SMALLTALK, DESK, EMERGENCY = "not-ours", "smalltalk", "desk", "emergency"
OTHER_CLASSES = (NOT_OURS, SMALLTALK, DESK, EMERGENCY)
FEATURES = ("ngram", "reading", "tokens", "ngram-ridge", "vector", "vector-ridge")
NEAREST = 3
"""Phrases of a class whose mean counts: one lucky phrase does not decide."""
CANDIDATES = 100
"""Phrases, nearest by n-grams and vectors, that the two rapidfuzz scores look at."""


@dataclass(frozen=True)
class NgramIndex:
    """Character 2- and 3-grams of readings as unit vectors: posting lists by gram, one after the other."""

    grams: dict[str, int]
    """Position of a gram in `rarity` and `starts`; the commonest first."""
    rarity: Floats
    """Inverse document frequency of each gram."""
    starts: Ints
    """Gram i's postings are rows[starts[i] : starts[i + 1]]."""
    rows: Ints
    values: Floats
    size: int

    @classmethod
    def build(cls, readings: Sequence[str]) -> "NgramIndex":
        """Index the readings of all phrases."""
        counted = [Counter(ngrams(reading)) for reading in readings]
        spread = Counter(gram for counts in counted for gram in counts)
        grams = {gram: position for position, gram in enumerate(sorted(spread, key=lambda gram: (-spread[gram], gram)))}
        rarity = np.array([np.log((1 + len(readings)) / (1 + spread[gram])) + 1 for gram in grams], dtype=np.float32)
        postings: list[list[tuple[int, float]]] = [[] for _ in grams]
        for row, counts in enumerate(counted):
            for position, value in _unit(counts, grams, rarity):
                postings[position].append((row, value))
        starts = np.cumsum([0, *map(len, postings)], dtype=np.int32)
        rows = np.array([row for each in postings for row, _ in each], dtype=np.int32)
        values = np.array([value for each in postings for _, value in each], dtype=np.float32)
        return cls(grams, rarity, starts, rows, values, len(readings))

    def grams_of(self, reading: str) -> list[tuple[int, float]]:
        """The known grams of a reading, as a vector of length 1: (position, value)."""
        return _unit(Counter(ngrams(reading)), self.grams, self.rarity)

    def project(self, found: list[tuple[int, float]], coefficients: Floats) -> Floats:
        """A sparse vector times (grams x classes); grams beyond the coefficients' rows were too rare to be fitted."""
        kept = [(position, value) for position, value in found if position < len(coefficients)]
        if not kept:
            return np.zeros(coefficients.shape[1], dtype=np.float32)
        positions, values = zip(*kept, strict=True)
        return np.asarray(np.array(values, dtype=np.float32) @ coefficients[list(positions)], dtype=np.float32)

    def dense(self, width: int) -> Floats:
        """(phrases x the `width` commonest grams), for fitting."""
        matrix = np.zeros((self.size, width), dtype=np.float32)
        for position in range(min(width, len(self.grams))):
            span = slice(self.starts[position], self.starts[position + 1])
            matrix[self.rows[span], position] = self.values[span]
        return matrix

    def cosines(self, found: list[tuple[int, float]]) -> Floats:
        """Cosine of a message's grams with every phrase."""
        spans = [slice(self.starts[position], self.starts[position + 1]) for position, _ in found]
        if not spans:
            return np.zeros(self.size, dtype=np.float32)
        rows = np.concatenate([self.rows[span] for span in spans])
        parts = np.concatenate([value * self.values[span] for (_, value), span in zip(found, spans, strict=True)])
        return np.bincount(rows, weights=parts, minlength=self.size).astype(np.float32)


@dataclass(frozen=True)
class Example:
    """A phrase with the class it stands for and what small group it belongs to (a subject, a kind)."""

    text: str
    name: str
    group: str
    analysis: Analysis


@dataclass(frozen=True)
class Index:
    """Everything fitted from one revision of the content. Arrays of one row a phrase, or one column a class."""

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    """Of each phrase: the entry, the subject, the kind that it is an example of."""
    class_of: Ints
    tokens: tuple[str, ...]
    readings: tuple[str, ...]
    ngrams: NgramIndex
    vectors: Floats | None
    ngram_ridge: Floats
    vector_ridge: Floats | None
    weights: Floats
    """One weight a feature, never negative, in the order of FEATURES."""
    biases: Floats
    """One a class: what the class is worth before a word is read."""


@dataclass(frozen=True)
class Ranking:
    """Fitted probabilities: of the entries (best first), and of the classes that are no entry."""

    entries: tuple[tuple[str, float], ...]
    others: dict[str, float]
    nearest: dict[str, str]
    """Of each class that is no entry, the group nearest to the message: which subject, which small talk, which kind."""


def rank(index: Index, analysis: Analysis) -> Ranking:
    """Every class with its probability for this message."""
    features, likeness = class_features(index, analysis)
    probabilities = softmax(features @ index.weights + index.biases)
    by_class = dict(zip(index.classes, map(float, probabilities), strict=True))
    entries = sorted(
        ((name, p) for name, p in by_class.items() if name not in OTHER_CLASSES), key=lambda pair: -pair[1]
    )
    others = {name: by_class.get(name, 0.0) for name in OTHER_CLASSES}
    nearest = {name: _nearest_group(index, likeness, name) for name in OTHER_CLASSES if name in index.classes}
    return Ranking(tuple(entries), others, nearest)


def _nearest_group(index: Index, likeness: Floats, name: str) -> str:
    """Of one class: the group of the phrase nearest to the message."""
    rows = np.flatnonzero(index.class_of == index.classes.index(name))
    return index.groups[rows[int(np.argmax(likeness[rows]))]] if len(rows) else ""


def class_features(index: Index, analysis: Analysis, leave_out: int | None = None) -> tuple[Floats, Floats]:
    """(classes x features, phrases): the features of every class, and how like the message each phrase is.

    `leave_out`: a row that must not count, for fitting.
    """
    found = index.ngrams.grams_of(analysis.reading)
    by_ngram = index.ngrams.cosines(found)
    by_vector = np.zeros_like(by_ngram)
    vector_ridge = np.zeros(len(index.classes), dtype=np.float32)
    if index.vectors is not None and index.vector_ridge is not None and analysis.vector is not None:
        by_vector = index.vectors @ analysis.vector
        vector_ridge = analysis.vector @ index.vector_ridge
    if leave_out is not None:
        by_ngram[leave_out] = by_vector[leave_out] = -1.0
    likeness = by_ngram + by_vector
    by_reading, by_tokens = _fuzzy(index, analysis, likeness)
    ngram, reading, tokens, vector = _class_means(index, np.stack([by_ngram, by_reading, by_tokens, by_vector]))
    ngram_ridge = index.ngrams.project(found, index.ngram_ridge)
    return np.stack([ngram, reading, tokens, ngram_ridge, vector, vector_ridge], axis=1), likeness


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def ngrams(reading: str) -> list[str]:
    """Pairs and triples of characters, the text's ends marked."""
    marked = f"^{reading}$"
    return [marked[i : i + n] for n in (2, 3) for i in range(len(marked) - n + 1)]


def _unit(counts: Counter[str], grams: dict[str, int], rarity: Floats) -> list[tuple[int, float]]:
    """Known grams by position, weighted and brought to length 1."""
    raw = [
        (grams[gram], (1 + math.log(times)) * float(rarity[grams[gram]]))
        for gram, times in counts.items()
        if gram in grams
    ]
    length = math.sqrt(sum(value * value for _, value in raw)) or 1.0
    return [(position, value / length) for position, value in raw]


def _fuzzy(index: Index, analysis: Analysis, likeness: Floats) -> tuple[Floats, Floats]:
    """Rapidfuzz scores 0..1 of the candidates; 0 for all other phrases."""
    by_reading, by_tokens = np.zeros_like(likeness), np.zeros_like(likeness)
    count = min(CANDIDATES, len(likeness))
    rows = np.argpartition(likeness, -count)[-count:]
    rows = rows[likeness[rows] > -1]
    readings, tokens = [index.readings[row] for row in rows], [index.tokens[row] for row in rows]
    if index.weights[FEATURES.index("reading")]:  # the slowest score, and most fits give it nothing
        by_reading[rows] = process.cdist([analysis.reading], readings, scorer=fuzz.partial_ratio)[0] / 100
    by_tokens[rows] = process.cdist([analysis.tokens], tokens, scorer=fuzz.token_set_ratio)[0] / 100
    return by_reading, by_tokens


def _class_means(index: Index, scores: Floats) -> Floats:
    """(features x phrases) to (features x classes): means of each class's best phrases; rows are ordered by class."""
    bounds = np.searchsorted(index.class_of, np.arange(len(index.classes) + 1))
    means = np.zeros((len(scores), len(index.classes)), dtype=np.float32)
    for position, (start, end) in enumerate(pairwise(bounds)):
        count = min(NEAREST, end - start)
        if count:
            best = np.partition(scores[:, start:end], end - start - count, axis=1)[:, -count:]
            means[:, position] = np.maximum(best, 0).sum(axis=1) / count
    return means
