"""Rotate keys: re-encrypt values of older keys with the newest key, in small batches beside a running server."""

from dataclasses import dataclass
from functools import partial

from bot.storage.engine import Store
from bot.storage.operations.sealed_rows import reseal_batch, sealed_columns
from bot.storage.sealing import Keyring

_BATCH = 20


@dataclass(frozen=True)
class RotatedCount:
    """`done`: values re-encrypted; `failed`: values that could not be decrypted."""

    done: int
    failed: int


def rotate_keys(store: Store, keys: Keyring) -> RotatedCount:
    """Safe to interrupt and run again."""
    done = failed = 0
    for place in sealed_columns():
        after, has_more = "", True
        while has_more:
            step = partial(reseal_batch, keys=keys, place=place, after=after, most=_BATCH)
            batch = store.transaction(step)
            done, failed = done + batch.done, failed + batch.failed
            after, has_more = batch.last, bool(batch.last)
    return RotatedCount(done, failed)
