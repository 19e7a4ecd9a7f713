"""Residents' words are never stored in plain text: AES-256-GCM, bound to table, row and column.

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
"""Length of the key id at the start of every sealed value."""
_NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value cannot be opened: its key is not in CONTENT_KEYS, or it was moved or changed."""


class SealedBytes(bytes):
    """The value of a sealed column. Plain text has another type, so it cannot be stored there by mistake."""

    __slots__ = ()


@dataclass(frozen=True)
class SealedField:
    """Address of a sealed value."""

    table: str
    row: str
    column: str

    @property
    def data(self) -> bytes:
        """The associated data, with length prefixes so that no two addresses give the same bytes."""
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
        """The id of the sealing key, as hex."""
        return self._ids[0].hex()

    @property
    def known(self) -> frozenset[str]:
        """The ids of all keys, as hex."""
        return frozenset(key_id.hex() for key_id in self._ids)

    def seal(self, place: SealedField, text: str) -> SealedBytes:
        """Seal the text for this address with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self._ids[0]
        return SealedBytes(key_id + nonce + self._ciphers[key_id].encrypt(nonce, text.encode(), place.data))

    def open(self, place: SealedField, sealed: bytes) -> str:
        """The text that was sealed for this address. Raises SealError."""
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
