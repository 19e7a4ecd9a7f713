"""Random secrets as the database knows them: from it nobody gets one back."""

import hashlib


def hashed(secret: str) -> str:
    """The hash of a random secret. Not for passwords, which are guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
