"""The content as files, the parts of a revision: names below `intents/` with `/`, and bytes."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = Mapping[str, bytes]


def files_in(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.yaml"))}


def write_files(root: Path, files: Files) -> None:
    """Write these YAML files into a folder and delete its other YAML files."""
    for name in files_in(root).keys() - files.keys():
        (root / name).unlink()
    for name, body in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def digest_of(files: Files) -> str:
    """A hash of this exact state: it changes with any byte of any file."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return digest.hexdigest()[:32]


def pack_files(files: Files) -> bytes:
    """The files as one database value. They are UTF-8."""
    texts = {name: files[name].decode() for name in sorted(files)}
    return zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), 6)


def unpack_files(packed: bytes) -> dict[str, bytes]:
    texts: dict[str, str] = json.loads(zlib.decompress(packed))
    return {name: text.encode() for name, text in texts.items()}
