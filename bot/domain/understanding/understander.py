"""Understand a message: triage's word lists on the whole text, matching on windows of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.catalog import Catalog
from bot.domain.messages import Route
from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.decision import Understanding
from bot.domain.understanding.kinds import KindId, Kinds, Signal
from bot.domain.understanding.matching import Index, Ranking, rank
from bot.domain.understanding.normalise import is_mostly_kana, is_other_script
from bot.domain.understanding.synonyms import with_synonyms

WINDOW = 400
"""Characters encoded at a time: an SOS may be at the end of 10,000."""


@dataclass(frozen=True, eq=False)
class Understander:
    """One revision of the content with its index. Thread-safe.

    Equal to itself alone: its parts have no hash, and caches are keyed by it.
    """

    catalog: Catalog
    index: Index
    analyzer: Analyzer

    def by_lists(self, text: str, earlier: Sequence[str] = ()) -> Understanding:
        """Triage only, without the model. `earlier`: recent messages, also read joined with this one."""
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
        """Triage and matching. `unsettled`: unanswered messages just before, also matched joined with this one."""
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


def _merged(first: Sequence[Signal], more: Sequence[Signal], kinds: Kinds) -> tuple[Signal, ...]:
    """Signals of both, one per kind; an emergency wins."""
    by_kind: dict[KindId, Signal] = {}
    for signal in (*first, *more):
        known = by_kind.get(signal.kind)
        if known is None or (known.route is not Route.EMERGENCY and signal.route is Route.EMERGENCY):
            by_kind[signal.kind] = signal
    return tuple(by_kind[kind] for kind in kinds.in_order(by_kind))
