"""Switches that an admin sets for the whole city. Triage and cases have no switch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.domain.messages import Route

ORDINARY = frozenset({Route.ANSWER, Route.CLARIFY, Route.UNKNOWN, Route.SMALLTALK})
"""Answers that can be switched off."""


class Switch(StrEnum):
    """The values are stored. Each channel also has a switch of its own (`channel_off`)."""

    DISASTER = "disaster"
    """The lines for a disaster come first in answers."""
    ANSWERS_OFF = "answers-off"
    DESK_OFF = "desk-off"
    """Staff cannot read messages now: replies promise nothing."""
    NOTICE_WORDS = "notice-words"
    """Notices quote the resident's last words: the city's own decision."""


DESK_MAIL = "desk-mail"
"""Stored with the switches: the desk's own mail address."""
FEW_PUSHES = "few-pushes"
"""Set when a platform's monthly message quota runs low: then only emergencies are pushed to groups."""
PUSHES_LEFT = "pushes-left"
"""The platform's latest report on its monthly message quota, as the desk shows it."""
LAST_BACKUP = "last-backup"
"""Time of the last backup (ISO 8601)."""


def channel_off(channel: str) -> str:
    """The switch that stops ordinary answers on this channel only."""
    return f"{channel}-off"


@dataclass(frozen=True)
class Switches:
    """Values of the switches that are on, by name."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def is_on(self, switch: str) -> bool:
        return bool(self.values.get(switch))

    def mutes(self, channel: str) -> bool:
        """Whether ordinary answers on this channel are replaced by the fixed safe text."""
        return self.is_on(Switch.ANSWERS_OFF) or bool(self.values.get(channel_off(channel)))
