"""A message to what was understood of it: the lists on the whole text, matching on its windows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.catalog import Catalog
from bot.domain.messages import Route
from bot.domain.protocols import Analyzer
from bot.domain.understanding.decision import Understanding
from bot.domain.understanding.kinds import KindId, Kinds
from bot.domain.understanding.matching import Index, Ranking, rank
from bot.domain.understanding.normalise import fold, is_mostly_kana, is_other_script
from bot.domain.understanding.triage import Signal

WINDOW = 400
"""Characters that are encoded at a time: an SOS may stand at the end of 10,000."""


@dataclass(frozen=True)
class Understander:
    """One revision of the content, ready to understand. Safe to use from several threads."""

    catalog: Catalog
    index: Index
    analyzer: Analyzer

    def by_lists(self, text: str, earlier: Sequence[str] = ()) -> Understanding:
        """Triage alone, which needs no model: on the message, and on it joined with what came shortly before."""
        triage = self.catalog.triage
        signals = triage.read(text)
        if earlier:
            signals = _merged(signals, triage.read("".join((*earlier, text))), triage.kinds)
        return Understanding(
            text,
            signals=signals,
            asks_for_information=triage.asks_for_information(text),
            other_script=is_other_script(text),
            mostly_kana=is_mostly_kana(text),
        )

    def understand(self, text: str, earlier: Sequence[str] = (), unsettled: Sequence[str] = ()) -> Understanding:
        """Triage and matching. `unsettled`: messages just before that were not answered, the first half of this one."""
        understood = self.by_lists(text, earlier)
        first, *later = self._rankings(text)
        if unsettled:
            joined, *_ = self._rankings("".join((*unsettled, text)))
            first = max(first, joined, key=lambda ranking: ranking.entries[0][1])
        return replace(understood, ranking=first, later=tuple(later))

    def _rankings(self, text: str) -> list[Ranking]:
        usual = with_synonyms(self.catalog.synonyms, text)
        windows = [usual[start : start + WINDOW] for start in range(0, max(len(usual), 1), WINDOW)]
        return [rank(self.index, analysis) for analysis in self.analyzer.analyse(windows)]


def with_synonyms(synonyms: Sequence[tuple[str, str]], text: str) -> str:
    """The folded text with the words people say replaced by the usual ones, in one pass, the longest first."""
    folded = fold(text)
    if not synonyms:
        return folded
    usual = dict(synonyms)
    return _alternation(tuple(usual)).sub(lambda match: usual[match.group()], folded)


_compiled: dict[tuple[str, ...], re.Pattern[str]] = {}


def _alternation(words: tuple[str, ...]) -> re.Pattern[str]:
    if words not in _compiled:
        _compiled[words] = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    return _compiled[words]


def _merged(first: Sequence[Signal], more: Sequence[Signal], kinds: Kinds) -> tuple[Signal, ...]:
    """Signals of both, one a kind; where they differ, the emergency."""
    found: dict[KindId, Signal] = {}
    for signal in (*first, *more):
        known = found.get(signal.kind)
        if known is None or (known.route is not Route.EMERGENCY and signal.route is Route.EMERGENCY):
            found[signal.kind] = signal
    return tuple(found[kind] for kind in kinds.in_order(found))
