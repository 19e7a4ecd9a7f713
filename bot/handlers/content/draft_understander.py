"""The draft, ready to be asked."""

from functools import lru_cache
from pathlib import Path

from bot.content.content_files import pack_files, unpack_files
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import read_draft
from bot.handlers.index_builder import build_understander


def draft_understander(context: AppContext) -> Understander:
    """Raises ContentError."""
    draft = read_draft(context.store)
    if not draft.is_changed:
        return context.content.understander
    return _opened(pack_files(draft.files), context.folders.indexes, context.content.understander)


@lru_cache(maxsize=1)
def _opened(packed: bytes, indexes: Path, like: Understander) -> Understander:
    return build_understander(unpack_files(packed), like.analyzer, indexes)
