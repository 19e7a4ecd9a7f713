"""Words for whoever teaches the bot: masked, or not there at all."""

import structlog

from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.pseudonymise import masked, masked_throughout

log = structlog.get_logger()


def masked_beginning(analyzer: Analyzer, text: str) -> str:
    """The beginning of a message without names; empty where the analyzer fails, for half a mask is none.

    A tenth of a millisecond: no vectors are made, so that it may run inside a transaction.
    """
    return _masked(analyzer, text, whole=False)


def masked_whole(analyzer: Analyzer, text: str) -> str:
    """All of a message without names; empty where the analyzer fails."""
    return _masked(analyzer, text, whole=True)


def _masked(analyzer: Analyzer, text: str, *, whole: bool) -> str:
    try:
        return (masked_throughout if whole else masked)(text, analyzer)
    except Exception as error:  # noqa: BLE001 -- whatever the analyzer does, the message is answered and the case ends
        log.error("masking_failed", error=type(error).__name__)
        return ""
