"""The cache of fitted indexes: an index is fitted once per revision, and then loaded quickly.

A file holds only values computed from the phrases. Its name is a hash of the phrases and of the analyzer's name: if
either changes, the old file is not found; a change of an answer or a number needs no new index.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.content.check.example_messages import examples_digest, examples_of
from bot.content.index.analysis_cache import read_analyses, store_analyses, write_arrays
from bot.domain.catalog import Catalog
from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.fitting import fit
from bot.domain.understanding.matching import OTHER_CLASSES, Example, Index, NgramIndex

_FORMAT = "3"


def index_file(catalog: Catalog, analyzer: Analyzer, folder: Path) -> Path:
    """The path of this catalog's index, whether or not it exists."""
    name = hashlib.sha256(f"{_FORMAT}\0{examples_digest(catalog)}\0{analyzer.name}".encode()).hexdigest()[:32]
    return folder / f"index-{name}.npz"


def index_of(catalog: Catalog, analyzer: Analyzer, folder: Path) -> Index:
    """Load the index from `folder`, or fit it now."""
    path = index_file(catalog, analyzer, folder)
    return _read(path) if path.is_file() else fit_catalog(catalog, analyzer)


def fit_catalog(catalog: Catalog, analyzer: Analyzer) -> Index:
    """Takes seconds."""
    return _fit(catalog, examples_of(catalog, analyzer))


def fit_and_store(catalog: Catalog, analyzer: Analyzer, folder: Path) -> None:
    """Fit and store the index, and the analysis of each phrase: next time only new phrases are analysed."""
    phrases = folder / f"phrases-{hashlib.sha256(analyzer.name.encode()).hexdigest()[:32]}.npz"
    examples = examples_of(catalog, analyzer, read_analyses(phrases))
    store_index(index_file(catalog, analyzer, folder), _fit(catalog, examples))
    store_analyses(phrases, {example.text: example.analysis for example in examples})


def require_writable(folder: Path) -> None:
    """Raises OSError if `folder` cannot be written, so that no fit starts in vain."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def delete_old_indexes(folder: Path, kept: Collection[Path], most: int = 12) -> None:
    """Delete the oldest indexes beyond `most`, but none in `kept`. Any of them can be fitted again."""
    newest_first = sorted(folder.glob("index-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[most:]:
        if path not in kept:
            path.unlink(missing_ok=True)


def _fit(catalog: Catalog, examples: Sequence[Example]) -> Index:
    return fit([entry.id for entry in catalog.entries] + list(OTHER_CLASSES), examples)


def store_index(path: Path, index: Index) -> None:
    strings = {
        "classes": index.classes,
        "groups": index.groups,
        "tokens": index.tokens,
        "readings": index.readings,
        "grams": tuple(index.ngrams.grams),
    }
    arrays: dict[str, NDArray[Any]] = {
        "strings": np.frombuffer(json.dumps(strings, ensure_ascii=False).encode(), dtype=np.uint8),
        "class_of": index.class_of,
        "rarity": index.ngrams.rarity,
        "starts": index.ngrams.starts,
        "rows": index.ngrams.rows,
        "values": index.ngrams.values,
        "ngram_ridge": index.ngram_ridge,
        "weights": index.weights,
        "biases": index.biases,
    }
    if index.vectors is not None and index.vector_ridge is not None:
        arrays |= {"vectors": index.vectors, "vector_ridge": index.vector_ridge}
    write_arrays(path, arrays)


def _read(path: Path) -> Index:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    strings: dict[str, Sequence[str]] = json.loads(arrays["strings"].tobytes())
    grams = {gram: position for position, gram in enumerate(strings["grams"])}
    size = len(strings["groups"])
    return Index(
        classes=tuple(strings["classes"]),
        groups=tuple(strings["groups"]),
        class_of=arrays["class_of"],
        tokens=tuple(strings["tokens"]),
        readings=tuple(strings["readings"]),
        ngrams=NgramIndex(grams, arrays["rarity"], arrays["starts"], arrays["rows"], arrays["values"], size),
        vectors=arrays.get("vectors"),
        ngram_ridge=arrays["ngram_ridge"],
        vector_ridge=arrays.get("vector_ridge"),
        weights=arrays["weights"],
        biases=arrays["biases"],
    )
