"""Keys that the operator did not set: created once beside the SQLite file, readable by the owner only."""

import os
import secrets
from pathlib import Path

from bot.storage.sealing import KEY_BYTES


def read_or_create_key(folder: Path, name: str) -> tuple[str, bool]:
    """(the key in `folder/name` as hex, whether it was created now)."""
    path = folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip(), False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_hex(KEY_BYTES)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key, True
