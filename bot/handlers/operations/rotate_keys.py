"""Keys rotate: what an older key seals is sealed with the newest one, in small steps beside a running server."""

from dataclasses import dataclass
from functools import partial

from bot.storage.engine import Store
from bot.storage.operations.sealed_rows import reseal_batch, sealed_columns
from bot.storage.sealing import Keyring

_AT_ONCE = 20


@dataclass(frozen=True)
class RotatedCount:
    """How many values were sealed anew, and how many could not be opened."""

    done: int
    failed: int


def rotate_keys(store: Store, keys: Keyring) -> RotatedCount:
    """Seal everything with the newest key. It may be broken off and begun again."""
    done = failed = 0
    for place in sealed_columns():
        after, goes_on = "", True
        while goes_on:
            step = partial(reseal_batch, keys=keys, place=place, after=after, most=_AT_ONCE)
            batch = store.transaction(step)
            done, failed = done + batch.done, failed + batch.failed
            after, goes_on = batch.last, bool(batch.last)
    return RotatedCount(done, failed)
