"""Events of staff on chat platforms: pairing codes, presses of the claim button, replies to notices."""

import re
import unicodedata

from bot.domain.delivery.notices import CLAIM
from bot.domain.messages import Event, EventKind

CODE_DIGITS = 8
_PAIRING = re.compile(rf"^\s*(?:職員|/pair(?:@\w+)?)[\s:]*([0-9]{{{CODE_DIGITS}}})\s*$")


def pairing_code(text: str) -> str:
    """The code of `職員 12345678` or `/pair 12345678`, also in full-width digits; empty for any other text.

    In groups some platforms show a bot only commands.
    """
    match = _PAIRING.match(unicodedata.normalize("NFKC", text))
    return match.group(1) if match else ""


def claimed_case(event: Event) -> str:
    """The case whose claim button was pressed; empty for any other event."""
    is_press = event.kind is EventKind.PRESS and event.text.startswith(CLAIM)
    return event.text.removeprefix(CLAIM) if is_press else ""


def is_for_staff(event: Event) -> bool:
    """Whether it may come from staff: until that is settled it is not handled as a resident's message."""
    return event.in_group or bool(event.quotes or claimed_case(event) or pairing_code(event.text))
