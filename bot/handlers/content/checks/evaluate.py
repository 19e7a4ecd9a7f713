"""Score the bot on messages with expected answers, as defined in `cases/README.md`: each figure with its n."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from bot.domain.catalog import Catalog
from bot.domain.messages import Answerer, Route
from bot.domain.understanding.kinds import worst
from bot.domain.understanding.triage import Triage


@dataclass(frozen=True)
class ScoredCase:
    """A test message: its expected route, and every entry that is a correct first answer."""

    text: str
    route: Route
    accept: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    route: Route
    entries: tuple[str, ...]
    milliseconds: float


class CasesError(Exception):
    """A file of cases cannot be read; the message says where and why."""


def read_cases(path: Path) -> list[ScoredCase]:
    """Read a JSONL file. Raises CasesError."""
    cases: list[ScoredCase] = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                row = json.loads(line)
                cases.append(ScoredCase(row["text"], Route(row["route"]), tuple(row.get("accept", ()))))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise CasesError(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} after {len(cases)} cases: {error!r}; each line is an object with text, route and accept"
        raise CasesError(message) from error
    return cases


def predict(answerer: Answerer, cases: Iterable[ScoredCase]) -> list[Prediction]:
    predictions = []
    for case in cases:
        started = time.perf_counter()
        route, entries = answerer(case.text)
        predictions.append(Prediction(route, entries, (time.perf_counter() - started) * 1000))
    return predictions


def score(
    cases: Sequence[ScoredCase], predictions: Sequence[Prediction], triage: Triage
) -> dict[str, dict[str, float | int]]:
    """Every figure as `{"value", "n"}`; both are 0 for a figure without cases."""
    pairs = list(zip(cases, predictions, strict=True))
    answers = [(c, p) for c, p in pairs if c.route is Route.ANSWER]
    emergencies = [(c, p) for c, p in pairs if c.route is Route.EMERGENCY]
    desks = [(c, p) for c, p in pairs if c.route is Route.DESK]
    outside = [(c, p) for c, p in pairs if c.route in {Route.UNKNOWN, Route.SMALLTALK}]
    at_once = [(c, p) for c, p in answers if p.route is Route.ANSWER]
    to_people = {Route.EMERGENCY, Route.DESK}
    times = sorted(p.milliseconds for _, p in pairs)
    return {
        "n": {"value": len(pairs), "n": len(pairs)},
        "first": _share(answers, lambda c, p: p.entries[:1] != () and p.entries[0] in c.accept),
        "shown": _share(answers, lambda c, p: bool(set(p.entries[:3]) & set(c.accept))),
        "at_once": _share(answers, lambda _, p: p.route is Route.ANSWER),
        "at_once_right": _share(at_once, lambda c, p: p.entries[0] in c.accept),
        "answer_to_desk": _share(answers, lambda _, p: p.route is Route.DESK),
        "answer_to_emergency": _share(answers, lambda _, p: p.route is Route.EMERGENCY),
        "emergency_recall": _share(emergencies, lambda _, p: p.route is Route.EMERGENCY),
        "emergency_lost": _share(emergencies, lambda _, p: p.route not in to_people),
        "emergency_recall_lists_only": _share(emergencies, lambda c, _: _by_lists(triage, c.text) is Route.EMERGENCY),
        "desk_recall": _share(desks, lambda _, p: p.route in to_people),
        "desk_raised": _share(desks, lambda _, p: p.route is Route.EMERGENCY),
        "unknown_answered": _share(outside, lambda _, p: p.route is Route.ANSWER),
        "unknown_asked_back": _share(outside, lambda _, p: p.route is Route.CLARIFY),
        "unknown_to_desk": _share(outside, lambda _, p: p.route is Route.DESK),
        "unknown_to_emergency": _share(outside, lambda _, p: p.route is Route.EMERGENCY),
        "p99_ms": {"value": round(times[int(len(times) * 0.99)], 2) if times else 0, "n": len(times)},
    }


def baseline(catalog: Catalog) -> Answerer:
    """The usual simple bot, for comparison: best `WRatio` over the same phrases, and every message gets an answer."""
    rows = [(phrase, entry.id) for entry in catalog.entries for phrase in (entry.title, *entry.phrases)]
    phrases = [phrase for phrase, _ in rows]

    def answer(text: str) -> tuple[Route, tuple[str, ...]]:
        hits = process.extract(text, phrases, scorer=fuzz.WRatio, limit=60)
        return Route.ANSWER, tuple(dict.fromkeys(rows[position][1] for _, _, position in hits))[:3]

    return answer


def _by_lists(triage: Triage, text: str) -> Route | None:
    signal = worst(triage.read(text), triage.kinds)
    return signal.route if signal else None


def _share(
    pairs: Sequence[tuple[ScoredCase, Prediction]], holds: Callable[[ScoredCase, Prediction], bool]
) -> dict[str, float | int]:
    hits = sum(1 for case, prediction in pairs if holds(case, prediction))
    return {"value": round(hits / len(pairs), 4) if pairs else 0, "n": len(pairs)}
