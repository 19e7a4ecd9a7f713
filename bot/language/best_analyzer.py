"""Choice of the best analyzer of this installation: with vectors, without them, or the lexical one."""

import structlog

from bot.domain.understanding.analyzer import Analyzer

log = structlog.get_logger()


def load_analyzer() -> Analyzer:
    """Each missing package is logged with its effect."""
    try:
        from bot.language.sudachi import SudachiReader  # noqa: PLC0415 -- absent on some machines
    except ImportError:
        log.warning("no_sudachi", effect="words and readings are taken from the writing; more questions are asked back")
        from bot.language.lexical import LexicalAnalyzer  # noqa: PLC0415

        return LexicalAnalyzer()
    from bot.language.sudachi_analyzer import SudachiAnalyzer  # noqa: PLC0415

    try:
        from bot.language.sentence_vectors import SentenceEncoder  # noqa: PLC0415
    except ImportError:
        log.warning("no_sentence_vectors", effect="long and polite messages are understood less well")
        return SudachiAnalyzer(SudachiReader(), None)
    return SudachiAnalyzer(SudachiReader(), SentenceEncoder())
