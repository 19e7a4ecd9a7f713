"""Explain a match: the nearest phrases, and the contribution of each feature."""

from dataclasses import dataclass

import numpy as np

from bot.domain.understanding.analyzer import Analysis
from bot.domain.understanding.matching import FEATURES, Index, class_features

PHRASES_NAMED = 3


@dataclass(frozen=True)
class MatchExplanation:
    """Of one class. `rows`: (row in the index, similarity 0 to 2) of its nearest phrases; `parts`: by feature."""

    rows: tuple[tuple[int, float], ...]
    parts: tuple[tuple[str, float], ...]


def explain(index: Index, analysis: Analysis, name: str) -> MatchExplanation:
    """`name`: a class of the index."""
    features, likeness = class_features(index, analysis)
    position = index.classes.index(name)
    rows = np.flatnonzero(index.class_of == position)
    best = rows[np.argsort(likeness[rows])[::-1][:PHRASES_NAMED]]
    parts = features[position] * index.weights
    contributions = sorted(zip(FEATURES, map(float, parts), strict=True), key=lambda pair: -pair[1])
    return MatchExplanation(tuple((int(row), float(likeness[row])) for row in best), tuple(contributions))
