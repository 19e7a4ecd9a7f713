"""Match a message to an entry: six features per class, one fitted softmax over all classes.

The classes are the 27 entries and four others: not ours, small talk, and the two that supplement triage's word lists
(distress, danger). Features of a class: the mean over its three nearest phrases of n-gram cosine, `partial_ratio` of
readings, `token_set_ratio` of words and vector cosine; and two ridge classifiers, on n-grams and on vectors. Their
weights are fitted from the content (`fitting`).
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
"""Phrases of a class that are averaged, so that one lucky phrase does not decide."""
CANDIDATES = 100
"""Phrases, nearest by n-grams and vectors, for which the two rapidfuzz scores are computed."""


@dataclass(frozen=True)
class NgramIndex:
    """Character 2- and 3-grams of readings as unit vectors: concatenated posting lists by gram."""

    grams: dict[str, int]
    """Position of a gram in `rarity` and `starts`; most common first."""
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
        rows = np.array([row for posting in postings for row, _ in posting], dtype=np.int32)
        values = np.array([value for posting in postings for _, value in posting], dtype=np.float32)
        return cls(grams, rarity, starts, rows, values, len(readings))

    def grams_of(self, reading: str) -> list[tuple[int, float]]:
        """The known grams of a reading as a sparse unit vector: (position, value)."""
        return _unit(Counter(ngrams(reading)), self.grams, self.rarity)

    def project(self, grams: list[tuple[int, float]], coefficients: Floats) -> Floats:
        """Sparse vector times (grams x classes). Grams beyond the coefficients' rows were too rare to be fitted."""
        kept = [(position, value) for position, value in grams if position < len(coefficients)]
        if not kept:
            return np.zeros(coefficients.shape[1], dtype=np.float32)
        positions, values = zip(*kept, strict=True)
        return np.asarray(np.array(values, dtype=np.float32) @ coefficients[list(positions)], dtype=np.float32)

    def dense(self, width: int) -> Floats:
        """(phrases x the `width` most common grams), for fitting."""
        matrix = np.zeros((self.size, width), dtype=np.float32)
        for position in range(min(width, len(self.grams))):
            span = slice(self.starts[position], self.starts[position + 1])
            matrix[self.rows[span], position] = self.values[span]
        return matrix

    def cosines(self, grams: list[tuple[int, float]]) -> Floats:
        """Cosine similarity of a message's grams with every phrase."""
        spans = [slice(self.starts[position], self.starts[position + 1]) for position, _ in grams]
        if not spans:
            return np.zeros(self.size, dtype=np.float32)
        rows = np.concatenate([self.rows[span] for span in spans])
        parts = np.concatenate([value * self.values[span] for (_, value), span in zip(grams, spans, strict=True)])
        return np.bincount(rows, weights=parts, minlength=self.size).astype(np.float32)


@dataclass(frozen=True)
class Example:
    """A phrase with its class and its group within the class (entry, subject or kind)."""

    text: str
    name: str
    group: str
    analysis: Analysis


@dataclass(frozen=True)
class Index:
    """Everything fitted from one revision of the content. Arrays have one row per phrase or one column per class."""

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    """Of each phrase: the entry, subject or kind that it is an example of."""
    class_of: Ints
    tokens: tuple[str, ...]
    readings: tuple[str, ...]
    ngrams: NgramIndex
    vectors: Floats | None
    ngram_ridge: Floats
    vector_ridge: Floats | None
    weights: Floats
    """One non-negative weight per feature, in the order of FEATURES."""
    biases: Floats
    """One per class: its prior score."""


@dataclass(frozen=True)
class Ranking:
    """Fitted probabilities of the entries (best first) and of `OTHER_CLASSES`."""

    entries: tuple[tuple[str, float], ...]
    others: dict[str, float]
    nearest: dict[str, str]
    """For each of `OTHER_CLASSES`, the group nearest to the message: its subject, small talk or kind."""


def rank(index: Index, analysis: Analysis) -> Ranking:
    """Probability of every class for this message."""
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
    """Group of the nearest phrase of a class; empty for a class without phrases."""
    rows = np.flatnonzero(index.class_of == index.classes.index(name))
    return index.groups[rows[int(np.argmax(likeness[rows]))]] if len(rows) else ""


def class_features(index: Index, analysis: Analysis, leave_out: int | None = None) -> tuple[Floats, Floats]:
    """(features of shape classes x features, similarity of every phrase to the message, 0 to 2).

    `leave_out`: row of a phrase to ignore, for fitting.
    """
    grams = index.ngrams.grams_of(analysis.reading)
    by_ngram = index.ngrams.cosines(grams)
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
    ngram_ridge = index.ngrams.project(grams, index.ngram_ridge)
    return np.stack([ngram, reading, tokens, ngram_ridge, vector, vector_ridge], axis=1), likeness


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def ngrams(reading: str) -> list[str]:
    """Character 2- and 3-grams, with both ends of the text marked."""
    marked = f"^{reading}$"
    return [marked[i : i + n] for n in (2, 3) for i in range(len(marked) - n + 1)]


def _unit(counts: Counter[str], grams: dict[str, int], rarity: Floats) -> list[tuple[int, float]]:
    """Known grams by position, weighted by TF-IDF and normalised to length 1."""
    raw = [
        (grams[gram], (1 + math.log(times)) * float(rarity[grams[gram]]))
        for gram, times in counts.items()
        if gram in grams
    ]
    length = math.sqrt(sum(value * value for _, value in raw)) or 1.0
    return [(position, value / length) for position, value in raw]


def _fuzzy(index: Index, analysis: Analysis, likeness: Floats) -> tuple[Floats, Floats]:
    """Rapidfuzz scores of the candidates, 0 to 1; 0 for all other phrases."""
    by_reading, by_tokens = np.zeros_like(likeness), np.zeros_like(likeness)
    count = min(CANDIDATES, len(likeness))
    rows = np.argpartition(likeness, -count)[-count:]
    rows = rows[likeness[rows] > -1]
    readings, tokens = [index.readings[row] for row in rows], [index.tokens[row] for row in rows]
    if index.weights[FEATURES.index("reading")]:  # the slowest score, and most fits give it no weight
        by_reading[rows] = process.cdist([analysis.reading], readings, scorer=fuzz.partial_ratio)[0] / 100
    by_tokens[rows] = process.cdist([analysis.tokens], tokens, scorer=fuzz.token_set_ratio)[0] / 100
    return by_reading, by_tokens


def _class_means(index: Index, scores: Floats) -> Floats:
    """(features x phrases) to (features x classes): mean of each class's best phrases. Phrases are sorted by class."""
    bounds = np.searchsorted(index.class_of, np.arange(len(index.classes) + 1))
    means = np.zeros((len(scores), len(index.classes)), dtype=np.float32)
    for position, (start, end) in enumerate(pairwise(bounds)):
        count = min(NEAREST, end - start)
        if count:
            best = np.partition(scores[:, start:end], end - start - count, axis=1)[:, -count:]
            means[:, position] = np.maximum(best, 0).sum(axis=1) / count
    return means
