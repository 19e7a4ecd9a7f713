"""What an admin can switch for the whole city with one press. Triage and cases have no switch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.domain.messages import Route

ORDINARY = frozenset({Route.ANSWER, Route.CLARIFY, Route.UNKNOWN, Route.SMALLTALK})
"""Answers that can be switched off."""


class Switch(StrEnum):
    """The values are stored. Beside these each channel has one of its own (`channel_off`)."""

    DISASTER = "disaster"
    """The lines for a disaster stand first in every answer."""
    ANSWERS_OFF = "answers-off"
    DESK_OFF = "desk-off"
    """Staff cannot read now: nothing is promised."""
    NOTICE_WORDS = "notice-words"
    """Notices carry the resident's last words: the city's own decision."""


DESK_MAIL = "desk-mail"
"""Stored beside the switches: the desk's own mail address."""
FEW_PUSHES = "few-pushes"
"""Set when a platform's messages of the month run low: then only emergencies are pushed to groups."""
PUSHES_LEFT = "pushes-left"
"""What the platform told last of the month's messages, as the desk shows it."""
LAST_BACKUP = "last-backup"
"""When the last backup was made, in ISO form."""


def channel_off(channel: str) -> str:
    """The switch that stops ordinary answers on one channel alone."""
    return f"{channel}-off"


@dataclass(frozen=True)
class Switches:
    """What stands on: names of switches with their value."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def is_on(self, switch: str) -> bool:
        """Whether it is on."""
        return bool(self.values.get(switch))

    def mutes(self, channel: str) -> bool:
        """Whether ordinary answers on this channel are replaced by the fixed safe text."""
        return self.is_on(Switch.ANSWERS_OFF) or bool(self.values.get(channel_off(channel)))
