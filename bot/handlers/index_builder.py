"""Build an `Understander` from content files. Fitting runs in a child process, because it takes much memory."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from bot.content.check.example_messages import texts_by_row
from bot.content.content_faults import ContentError
from bot.content.content_files import Files, pack_files, unpack_files
from bot.content.index.index_cache import delete_old_indexes, fit_and_store, index_file, index_of, require_writable
from bot.content.read.catalog_reader import catalog_of
from bot.domain.catalog import Catalog
from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.understander import Understander
from bot.language.best_analyzer import load_analyzer


def build_understander(files: Files, analyzer: Analyzer, indexes: Path) -> Understander:
    """Takes half a minute if the index has to be fitted, and says so on stderr. Raises ContentError.

    If the folder of indexes cannot be written, the index is fitted in memory.
    """
    catalog = read_valid_catalog(files)
    if not index_file(catalog, analyzer, indexes).is_file():
        return _fit(catalog, files, analyzer, indexes)
    return Understander(catalog, index_of(catalog, analyzer, indexes), analyzer)


def _fit(catalog: Catalog, files: Files, analyzer: Analyzer, indexes: Path) -> Understander:
    begun = time.monotonic()
    count = len(texts_by_row(catalog))
    _print_progress(f"fitting the index of {count} phrases, about half a minute, once per content ...")
    try:
        require_writable(indexes)
        with child_process() as pool:
            pool.submit(fit_index, pack_files(files), indexes).result()
        delete_old_indexes(indexes, [index_file(catalog, analyzer, indexes)])
    except OSError as error:
        _print_progress(f"{indexes} cannot be written ({error.strerror}): the index is fitted in memory, each time ...")
    index = index_of(catalog, analyzer, indexes)
    _print_progress(f"done in {time.monotonic() - begun:.0f} s")
    return Understander(catalog, index, analyzer)


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- for the operator who waits; stdout carries the command's result


def child_process() -> ProcessPoolExecutor:
    """One process, whose memory is freed when it ends."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@lru_cache(maxsize=1)
def process_analyzer() -> Analyzer:
    """The analyzer of this child process, loaded once."""
    return load_analyzer()


def fit_index(packed: bytes, indexes: Path) -> None:
    """Runs in a child process. Does nothing if the index exists."""
    catalog, analyzer = read_valid_catalog(unpack_files(packed)), process_analyzer()
    if not index_file(catalog, analyzer, indexes).is_file():
        fit_and_store(catalog, analyzer, indexes)


def read_valid_catalog(files: Files) -> Catalog:
    """Raises ContentError if a file is malformed."""
    catalog, faults = catalog_of(files)
    if faults:
        raise ContentError(faults)
    return catalog
