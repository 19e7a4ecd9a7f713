"""From what was understood to what is done: Answer, Clarify, Desk, Emergency, Unknown or Smalltalk."""

from dataclasses import dataclass, field

from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, KindRole, Kinds
from bot.domain.understanding.matching import DESK, EMERGENCY, NOT_OURS, SMALLTALK, Ranking
from bot.domain.understanding.triage import Signal, worst

SHOWN = 3
"""Entries that a reply shows at most."""


BESIDE = 0.1
"""From this probability an entry is shown beside the desk's reply."""


@dataclass(frozen=True)
class Thresholds:
    """Fitted probabilities from which something is done. Chosen on open sets, never on the judging ones."""

    answer: float = 0.45
    """The first entry's share among the entries, from which it is answered at once."""
    outside: float = 0.7
    """Not ours and small talk together, from which no entry is offered."""
    desk: float = 0.55
    emergency: float = 0.7
    veto: float = 0.6
    """An entry this probable overrules a hit that only the classifier has."""


@dataclass(frozen=True)
class Understanding:
    """One message, understood: by the lists, and by matching where that worked."""

    text: str
    signals: tuple[Signal, ...] = ()
    ranking: Ranking | None = None
    later: tuple[Ranking, ...] = ()
    """Of a long message: its further windows, for the classifier alone."""
    asks_for_information: bool = False
    other_script: bool = False
    mostly_kana: bool = False


@dataclass(frozen=True)
class Decision:
    """Where the message goes, with the entries to show (best first) and what triage found."""

    route: Route
    entries: tuple[tuple[str, float], ...] = ()
    signals: tuple[Signal, ...] = ()
    subject: str = ""
    """For Unknown and Smalltalk: which one."""
    soft_safety: bool = field(default=False)
    """A word of danger stood in a question about a subject: the answer adds one calm line."""


def decide(understood: Understanding, thresholds: Thresholds, kinds: Kinds) -> Decision:
    """The decision for one message on its own. The lists come first; the classifier adds and never takes away."""
    signals = understood.signals
    ranking = understood.ranking
    found = worst(signals, kinds)
    if found and not (understood.asks_for_information and found.route is Route.EMERGENCY):
        return Decision(found.route, entries=_beside(found.route, ranking), signals=signals)
    if ranking is None:
        return Decision(Route.DESK if found else Route.UNKNOWN, signals=signals)
    rankings = (ranking, *understood.later)
    heard = tuple(filter(None, (_heard_by_classifier(each, thresholds, kinds) for each in rankings)))
    loudest = worst(heard, kinds)
    if loudest and not found:
        return Decision(loudest.route, entries=_beside(loudest.route, ranking), signals=(loudest,))
    return _about(ranking, thresholds, soft_safety=bool(found))


def _beside(route: Route, ranking: Ranking | None) -> tuple[tuple[str, float], ...]:
    """What the plan says too, for somebody in distress; in danger the call stands alone."""
    if ranking is None or route is Route.EMERGENCY:
        return ()
    return tuple(entry for entry in ranking.entries[:SHOWN] if entry[1] >= BESIDE)


def _heard_by_classifier(ranking: Ranking, thresholds: Thresholds, kinds: Kinds) -> Signal | None:
    """Danger or distress that no list has; a sure entry, or something surely outside, vetoes it."""
    sure = max(ranking.entries[0][1], ranking.others[NOT_OURS], ranking.others[SMALLTALK])
    danger, distress = ranking.others[EMERGENCY], ranking.others[DESK]
    if sure >= thresholds.veto:
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


def _about(ranking: Ranking, thresholds: Thresholds, *, soft_safety: bool) -> Decision:
    outside = ranking.others[NOT_OURS] + ranking.others[SMALLTALK]
    if outside >= thresholds.outside:
        route = Route.SMALLTALK if ranking.others[SMALLTALK] > ranking.others[NOT_OURS] else Route.UNKNOWN
        name = SMALLTALK if route is Route.SMALLTALK else NOT_OURS
        return Decision(route, subject=ranking.nearest.get(name, ""), soft_safety=soft_safety)
    shown = ranking.entries[:SHOWN]
    share = shown[0][1] / max(sum(p for _, p in ranking.entries) + outside, 1e-9)
    route = Route.ANSWER if share >= thresholds.answer else Route.CLARIFY
    return Decision(route, entries=shown, soft_safety=soft_safety)
