"""Password hashing, and normalisation of typed codes."""

from argon2 import PasswordHasher

HASHER = PasswordHasher()


def plain_code(code: str) -> str:
    """A typed code in lower case, without blanks and hyphens."""
    return "".join(character for character in code.lower() if character.isalnum())
