"""Build an `AppContext` for tests: a real store, the shipped content, a fixed clock."""

from typing import Any

from bot.bootstrap import THRESHOLDS
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext, PublishedContent
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from tests.support.manual_clock import TUESDAY_NOON

SECRET_KEY = b"s" * 32


def context_of(store: Store, keys: Keyring, understander: Understander, **parts: Any) -> AppContext:
    """`parts` override the defaults of the context."""
    filled: dict[str, Any] = {"secret": SECRET_KEY, "clock": lambda: TUESDAY_NOON} | parts
    return AppContext(store, keys, PublishedContent(understander), THRESHOLDS, **filled)
