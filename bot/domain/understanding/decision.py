"""Decide the route of a message: Answer, Clarify, Desk, Emergency, Unknown or Smalltalk."""

from dataclasses import dataclass, field

from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, KindRole, Kinds, Signal, worst
from bot.domain.understanding.matching import DESK, EMERGENCY, NOT_OURS, SMALLTALK, Ranking

SHOWN = 3
"""Entries that a reply shows at most."""
MIN_BESIDE_DESK = 0.1
"""Probability from which an entry is shown along with the desk's reply."""


@dataclass(frozen=True)
class Thresholds:
    """Minimum probabilities. Chosen on the open sets, never on the held-out ones."""

    answer: float = 0.45
    """Share of the first entry, from which it is answered without asking back."""
    outside: float = 0.7
    """Sum of not-ours and small talk, from which no entry is offered."""
    desk: float = 0.55
    emergency: float = 0.7
    veto: float = 0.6
    """An entry this probable overrules a signal that only the classifier found."""


@dataclass(frozen=True)
class Understanding:
    """Result of triage and matching. `ranking` is None if matching was skipped or failed."""

    text: str
    signals: tuple[Signal, ...] = ()
    ranking: Ranking | None = None
    later: tuple[Ranking, ...] = ()
    """Further windows of a long message; used for its emergency classes only."""
    asks_for_information: bool = False
    other_script: bool = False
    mostly_kana: bool = False


@dataclass(frozen=True)
class Decision:
    """Route, entries to show (best first), and the signals of triage or the classifier."""

    route: Route
    entries: tuple[tuple[str, float], ...] = ()
    signals: tuple[Signal, ...] = ()
    subject: str = ""
    """Of Unknown and Smalltalk: the nearest subject."""
    soft_safety: bool = field(default=False)
    """A danger word occurred in a request for information: the answer adds one calm line."""


def decide(understood: Understanding, thresholds: Thresholds, kinds: Kinds) -> Decision:
    """Decide one message on its own. The word lists win; the classifier only adds signals."""
    signals = understood.signals
    ranking = understood.ranking
    listed = worst(signals, kinds)
    if listed and not (understood.asks_for_information and listed.route is Route.EMERGENCY):
        return Decision(listed.route, entries=_entries_beside(listed.route, ranking), signals=signals)
    if ranking is None:
        return Decision(Route.DESK if listed else Route.UNKNOWN, signals=signals)
    windows = (ranking, *understood.later)
    classified = worst(
        tuple(filter(None, (_classifier_signal(window, thresholds, kinds) for window in windows))), kinds
    )
    if classified and not listed:
        entries = _entries_beside(classified.route, ranking)
        return Decision(classified.route, entries=entries, signals=(classified,))
    return _decide_topic(ranking, thresholds, soft_safety=bool(listed))


def _entries_beside(route: Route, ranking: Ranking | None) -> tuple[tuple[str, float], ...]:
    """Entries to show along with the desk's reply. In danger there are none: the emergency call stands alone."""
    if ranking is None or route is Route.EMERGENCY:
        return ()
    return tuple(entry for entry in ranking.entries[:SHOWN] if entry[1] >= MIN_BESIDE_DESK)


def _classifier_signal(ranking: Ranking, thresholds: Thresholds, kinds: Kinds) -> Signal | None:
    """Danger or distress beyond the word lists. A confident entry, not-ours or small talk vetoes it."""
    veto = max(ranking.entries[0][1], ranking.others[NOT_OURS], ranking.others[SMALLTALK])
    danger, distress = ranking.others[EMERGENCY], ranking.others[DESK]
    if veto >= thresholds.veto:
        return None
    if danger >= thresholds.emergency:
        kind = _kind_of(ranking, EMERGENCY, KindRole.UNSURE_EMERGENCY, kinds)
        return Signal(kind, Route.EMERGENCY, certain=False, probability=danger)
    if danger + distress >= thresholds.desk:
        kind = _kind_of(ranking, DESK, KindRole.UNSURE_DESK, kinds)
        return Signal(kind, Route.DESK, certain=False, probability=danger + distress)
    return None


def _kind_of(ranking: Ranking, name: str, otherwise: KindRole, kinds: Kinds) -> KindId:
    """The kind of the nearest example of a class."""
    nearest = ranking.nearest.get(name, "")
    return kinds[nearest].id if nearest in kinds else kinds.standing_for(otherwise).id


def _decide_topic(ranking: Ranking, thresholds: Thresholds, *, soft_safety: bool) -> Decision:
    outside = ranking.others[NOT_OURS] + ranking.others[SMALLTALK]
    if outside >= thresholds.outside:
        route = Route.SMALLTALK if ranking.others[SMALLTALK] > ranking.others[NOT_OURS] else Route.UNKNOWN
        name = SMALLTALK if route is Route.SMALLTALK else NOT_OURS
        return Decision(route, subject=ranking.nearest.get(name, ""), soft_safety=soft_safety)
    shown = ranking.entries[:SHOWN]
    share = shown[0][1] / max(sum(p for _, p in ranking.entries) + outside, 1e-9)
    route = Route.ANSWER if share >= thresholds.answer else Route.CLARIFY
    return Decision(route, entries=shown, soft_safety=soft_safety)
