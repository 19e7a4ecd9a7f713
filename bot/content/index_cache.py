"""The fitted index beside the content: made once a revision, read in a moment afterwards.

It holds nothing but what was computed from the content, and a name made of the content's state and the analyzer's:
with either changed, the old file is not found.
"""

import hashlib
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.content.examples import examples_of
from bot.domain.catalog import Catalog
from bot.domain.fitting import fit
from bot.domain.matching import OTHER_CLASSES, Index, NgramIndex
from bot.domain.protocols import Analyzer

_FORMAT = "1"


def index_file(digest: str, analyzer: Analyzer, folder: Path) -> Path:
    """Where the index of a content with this digest is kept, whether it is there or not."""
    name = hashlib.sha256(f"{_FORMAT}\0{digest}\0{analyzer.name}".encode()).hexdigest()[:32]
    return folder / f"index-{name}.npz"


def index_of(catalog: Catalog, digest: str, analyzer: Analyzer, folder: Path) -> Index:
    """The index of a catalog whose content has this digest: from `folder`, or fitted now."""
    path = index_file(digest, analyzer, folder)
    return _read(path) if path.is_file() else fit_catalog(catalog, analyzer)


def fit_catalog(catalog: Catalog, analyzer: Analyzer) -> Index:
    """Fit now. Seconds."""
    classes = [entry.id for entry in catalog.entries] + list(OTHER_CLASSES)
    return fit(classes, examples_of(catalog, analyzer))


def keep_index(path: Path, index: Index) -> None:
    """Under its name only when it is whole: another process may read it."""
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
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(buffer.getvalue())
    draft.replace(path)


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
