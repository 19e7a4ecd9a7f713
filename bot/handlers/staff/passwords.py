"""How passwords are hashed and codes are read."""

from argon2 import PasswordHasher

HASHER = PasswordHasher()


def plain_code(code: str) -> str:
    """A code as typed, without the blanks and hyphens that make it readable."""
    return "".join(character for character in code.lower() if character.isalnum())
