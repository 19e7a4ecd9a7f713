"""The analysis of each phrase, cached beside the index: analysing is the slowest part of fitting."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.domain.understanding.analyzer import Analysis


def read_analyses(path: Path) -> dict[str, Analysis]:
    """Analyses by text; empty without a cache."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        strings, vectors = json.loads(file["strings"].tobytes()), file["vectors"]
    rows = zip(strings["texts"], strings["tokens"], strings["readings"], vectors, strict=True)
    return {text: Analysis(tokens, reading, vector) for text, tokens, reading, vector in rows}


def store_analyses(path: Path, analyses: Mapping[str, Analysis]) -> None:
    """Replace the cache. Without vectors analysing is fast, and nothing is cached."""
    vectors = [analysis.vector for analysis in analyses.values() if analysis.vector is not None]
    if not vectors or len(vectors) < len(analyses):
        return
    strings = {
        "texts": list(analyses),
        "tokens": [analysis.tokens for analysis in analyses.values()],
        "readings": [analysis.reading for analysis in analyses.values()],
    }
    packed = np.frombuffer(json.dumps(strings, ensure_ascii=False).encode(), dtype=np.uint8)
    write_arrays(path, {"strings": packed, "vectors": np.stack(vectors)})


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Written under a temporary name and renamed: another process may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(buffer.getvalue())
    draft.replace(path)
