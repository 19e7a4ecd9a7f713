"""Random row ids, and hashes of random secrets, which are stored instead of the secrets."""

import hashlib
import uuid


def new_id() -> str:
    return uuid.uuid4().hex


def hashed(secret: str) -> str:
    """The hash of a random secret. Not for passwords, which can be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
