"""Residents' words are never plain in the database: AES-256-GCM, bound to the place where they stand.

A sealed value is `key id (4 bytes) + nonce (12) + ciphertext and tag`. Table, row and column are its associated data:
a value copied to another row does not open there.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
ID_BYTES = 4
"""So long is the id of a key, in front of every sealed value."""
_NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value cannot be opened: its key is not in CONTENT_KEYS, or it was moved or changed."""


class SealedBytes(bytes):
    """What a sealed column holds. Plain text is of another type, so it cannot be stored there by mistake."""

    __slots__ = ()


@dataclass(frozen=True)
class SealedField:
    """Where a value stands."""

    table: str
    row: str
    column: str

    @property
    def data(self) -> bytes:
        """As associated data: lengths in front, so that no two places look alike."""
        parts = [part.encode() for part in (self.table, self.row, self.column)]
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


class Keyring:
    """The content keys, newest first: the first seals, all of them open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Keys of 32 bytes each. Raises ValueError for none, or for one of another length."""
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            message = f"content keys must be {KEY_BYTES} bytes each, at least one"
            raise ValueError(message)
        self._ids = [_key_id(key) for key in keys]
        self._ciphers = dict(zip(self._ids, map(AESGCM, keys), strict=True))

    @property
    def newest(self) -> str:
        """The id of the key that seals, as hex."""
        return self._ids[0].hex()

    @property
    def known(self) -> frozenset[str]:
        """The ids of all keys, as hex."""
        return frozenset(key_id.hex() for key_id in self._ids)

    def seal(self, place: SealedField, text: str) -> SealedBytes:
        """The text sealed for this place with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self._ids[0]
        return SealedBytes(key_id + nonce + self._ciphers[key_id].encrypt(nonce, text.encode(), place.data))

    def open(self, place: SealedField, sealed: bytes) -> str:
        """The text that was sealed for this place. Raises SealError."""
        key_id, rest = sealed[:ID_BYTES], sealed[ID_BYTES:]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            message = f"no key {key_id.hex()} for {place.table}.{place.column}: put the old key back into CONTENT_KEYS"
            raise SealError(message)
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], place.data).decode()
        except InvalidTag:
            message = f"{place.table}.{place.column} of row {place.row} was changed or moved"
            raise SealError(message) from None


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"sasaeai content key id\0" + key).digest()[:ID_BYTES]
