"""Why a message is answered as it is: the phrases nearest to it, and how much each feature adds."""

from dataclasses import dataclass

import numpy as np

from bot.domain.understanding.analyzer import Analysis
from bot.domain.understanding.matching import FEATURES, Index, class_features

PHRASES_NAMED = 3


@dataclass(frozen=True)
class Why:
    """For one class: its nearest phrases (rows of the index, with their likeness 0 to 2), what each feature adds."""

    rows: tuple[tuple[int, float], ...]
    parts: tuple[tuple[str, float], ...]


def explain(index: Index, analysis: Analysis, name: str) -> Why:
    """Of the class `name` of the index."""
    features, likeness = class_features(index, analysis)
    place = index.classes.index(name)
    rows = np.flatnonzero(index.class_of == place)
    best = rows[np.argsort(likeness[rows])[::-1][:PHRASES_NAMED]]
    parts = features[place] * index.weights
    named = sorted(zip(FEATURES, map(float, parts), strict=True), key=lambda pair: -pair[1])
    return Why(tuple((int(row), float(likeness[row])) for row in best), tuple(named))
