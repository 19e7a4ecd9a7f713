"""Random ids of rows, and random secrets as the database knows them: from it nobody gets one back."""

import hashlib
import uuid


def new_id() -> str:
    """A random id for any row."""
    return uuid.uuid4().hex


def hashed(secret: str) -> str:
    """The hash of a random secret. Not for passwords, which are guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
