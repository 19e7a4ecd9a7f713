"""Fit an `Index` from the content alone: ridge classifiers in closed form, weights by leave-one-out.

Needs no labelled messages: each phrase is classified as if it were a message, with the phrase itself left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.domain.understanding.analyzer import Analysis
from bot.domain.understanding.matching import (
    FEATURES,
    OTHER_CLASSES,
    Example,
    Floats,
    Index,
    NgramIndex,
    class_features,
    softmax,
)

GRAMS_FITTED = 2500
"""Most common grams used by the n-gram classifier; rarer ones say little about unseen messages."""
NGRAM_PENALTY = 1.0
VECTOR_PENALTY = 1.0
_STEPS = 400
_RATE = 0.5
_SAMPLE_EVERY = 2
_HALVE_SAMPLE_ABOVE = 8000
"""Number of phrases above which the sampled share is halved with each doubling: weights need no more."""


def fit(classes: Sequence[str], examples: Sequence[Example]) -> Index:
    """Deterministic; takes seconds for thousands of examples."""
    ordered = sorted(examples, key=lambda example: classes.index(example.name))
    class_of = np.array([classes.index(example.name) for example in ordered], dtype=np.int32)
    targets = _targets(class_of, len(classes))
    grams = NgramIndex.build([example.analysis.reading for example in ordered])
    ngram_ridge, ngram_left_out = _ridge(grams.dense(GRAMS_FITTED), targets, NGRAM_PENALTY)
    vectors = _vectors(ordered)
    vector_ridge, vector_left_out = (None, None) if vectors is None else _ridge(vectors, targets, VECTOR_PENALTY)
    index = Index(
        classes=tuple(classes),
        groups=tuple(example.group for example in ordered),
        class_of=class_of,
        tokens=tuple(example.analysis.tokens for example in ordered),
        readings=tuple(example.analysis.reading for example in ordered),
        ngrams=grams,
        vectors=vectors,
        ngram_ridge=ngram_ridge,
        vector_ridge=vector_ridge,
        weights=np.ones(len(FEATURES), dtype=np.float32),
        biases=np.zeros(len(classes), dtype=np.float32),
    )
    rows = _sample(ordered)
    left_out = (ngram_left_out, vector_left_out)
    features = np.stack([_left_out(index, ordered[row].analysis, row, *left_out) for row in map(int, rows)])
    weights, biases = _weights(features, class_of[rows], _bias_groups(classes))
    return replace(index, weights=weights, biases=biases)


def _sample(examples: Sequence[Example]) -> NDArray[np.int32]:
    """Rows for fitting the weights, chosen by a hash of the text, so that a new phrase does not change the sample."""
    every = _SAMPLE_EVERY << (len(examples) // _HALVE_SAMPLE_ABOVE).bit_length()
    chosen = [row for row, example in enumerate(examples) if crc32(example.text.encode()) % every == 0]
    return np.array(chosen or range(len(examples)), dtype=np.int32)


def _targets(class_of: NDArray[np.int32], count: int) -> Floats:
    """One-hot targets."""
    targets = np.zeros((len(class_of), count), dtype=np.float32)
    targets[np.arange(len(class_of)), class_of] = 1.0
    return targets


def _vectors(examples: Sequence[Example]) -> Floats | None:
    vectors = [example.analysis.vector for example in examples]
    return None if any(vector is None for vector in vectors) else np.stack(vectors)  # type: ignore[arg-type]


def _ridge(points: Floats, targets: Floats, penalty: float) -> tuple[Floats, Floats]:
    """(coefficients of shape dimensions x classes, leave-one-out predictions), in closed form."""
    inverse = np.linalg.inv(points.T @ points + penalty * np.eye(points.shape[1], dtype=np.float32))
    spread = points @ inverse
    coefficients = inverse @ (points.T @ targets)
    leverage = np.einsum("ij,ij->i", spread, points)
    residuals = (targets - points @ coefficients) / np.maximum(1 - leverage, 1e-3)[:, None]
    return coefficients, targets - residuals


def _left_out(index: Index, analysis: Analysis, row: int, ngram_ridge: Floats, vector_ridge: Floats | None) -> Floats:
    """Features of one phrase, computed as if it were not in the index."""
    features, _ = class_features(index, analysis, leave_out=row)
    features[:, FEATURES.index("ngram-ridge")] = ngram_ridge[row]
    if vector_ridge is not None:
        features[:, FEATURES.index("vector-ridge")] = vector_ridge[row]
    return features


def _bias_groups(classes: Sequence[str]) -> NDArray[np.int32]:
    """Entries share the bias 0, each other class has its own: 27 free ones would learn how many phrases each has."""
    return np.array([OTHER_CLASSES.index(name) + 1 if name in OTHER_CLASSES else 0 for name in classes], dtype=np.int32)


def _weights(features: Floats, right: NDArray[np.int32], groups: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Non-negative weights and biases that maximise the likelihood of the right classes (projected Adam)."""
    examples, _, width = features.shape
    expected = np.zeros(features.shape[:2], dtype=np.float32)
    expected[np.arange(examples), right] = 1.0
    membership = np.eye(len(OTHER_CLASSES) + 1, dtype=np.float32)[groups]
    membership[:, 0] = 0.0
    design = np.concatenate([features, np.broadcast_to(membership, (examples, *membership.shape))], axis=2)
    value = np.concatenate([np.full(width, 5.0), np.zeros(membership.shape[1])]).astype(np.float32)
    momentum, scale = np.zeros_like(value), np.zeros_like(value)
    for step in range(1, _STEPS + 1):
        error = softmax(design @ value) - expected
        gradient = np.einsum("nc,ncf->f", error, design, optimize=True) / examples
        momentum = 0.9 * momentum + 0.1 * gradient
        scale = 0.999 * scale + 0.001 * gradient**2
        value -= _RATE * (momentum / (1 - 0.9**step)) / (np.sqrt(scale / (1 - 0.999**step)) + 1e-8)
        value[:width] = np.maximum(value[:width], 0)
    return value[:width], (membership * value[width:]).sum(axis=1)
