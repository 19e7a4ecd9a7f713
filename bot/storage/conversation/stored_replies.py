"""Replies as they were sent, sealed in their row of `outbound`."""

import json
from dataclasses import asdict

from bot.domain.messages import Call, Choice, Reply, Route, ShownEntry
from bot.storage.sealing import Keyring, SealedBytes, SealedField


def seal_reply(keys: Keyring, row: str, reply: Reply) -> SealedBytes:
    """The sealed reply can only be opened with the id of its row."""
    return keys.seal(_field(row), json.dumps(asdict(reply), ensure_ascii=False))


def open_reply(keys: Keyring, row: str, sealed: bytes) -> Reply:
    values = json.loads(keys.open(_field(row), sealed))
    return Reply(
        route=Route(values["route"]),
        lead=tuple(values["lead"]),
        calls=tuple(Call(**call) for call in values["calls"]),
        body=tuple(values["body"]),
        choices=tuple(Choice(**choice) for choice in values["choices"]),
        small=tuple(values["small"]),
        entries=tuple(ShownEntry(**shown) for shown in values["entries"]),
        by_staff=values.get("by_staff", False),
    )


def _field(row: str) -> SealedField:
    return SealedField("outbound", row, "reply")
