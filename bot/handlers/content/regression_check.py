"""What a draft would do to residents, before it reaches them: faults, lost cries, answers that change, figures."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from bot.content.check.checker import check_files
from bot.content.content_files import Files
from bot.domain.catalog import Catalog
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Route
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.triage import worst
from bot.domain.understanding.understander import Understander
from bot.handlers.content.evaluate import Answerer, Prediction, ScoredCase, predict, read_cases, score
from bot.handlers.content.explain_regressions import Cause, cause_of, collisions
from bot.handlers.conversation.answer_dry_run import answer_once

FROZEN = "safety.jsonl"
"""The set that no publish may hear less of."""
JUDGED = "heldout.jsonl"
FIGURES = (
    "first", "shown", "at_once", "at_once_right", "emergency_recall", "emergency_recall_lists_only", "desk_recall",
    "answer_to_desk", "answer_to_emergency", "unknown_answered",
)  # fmt: skip
_LOUD = {Route.EMERGENCY: 2, Route.DESK: 1}
NEW = "new"
"""Of a message of the set that the office is only now adding."""


@dataclass(frozen=True)
class Regression:
    """A message of danger or distress that would be heard less. `by_lists`: by the words alone, without the model."""

    text: str
    expected: str
    before: str
    after: str
    by_lists: bool
    cause: Cause


@dataclass(frozen=True)
class ChangedAnswer:
    """A question whose answer changes: route and first entry, before and after."""

    text: str
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Collision:
    """A new phrase that is nearer to another entry than to its own, as residents are answered now."""

    phrase: str
    owner: str
    nearer: str


@dataclass(frozen=True)
class RegressionReport:
    """Everything that was found. Figures: name, before, after, of how many."""

    faults: list[tuple[str, int, str, str]] = field(default_factory=list)
    lost: list[Regression] = field(default_factory=list)
    turned: list[ChangedAnswer] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)
    figures: list[tuple[str, float, float, int]] = field(default_factory=list)
    most_drop: int = 0

    @property
    def drop(self) -> float:
        """By how many points of a hundred first answers get worse."""
        found = next(((before, after) for name, before, after, _ in self.figures if name == "first"), (0.0, 0.0))
        return round(max(0.0, found[0] - found[1]) * 100, 2)

    @property
    def drops_too_far(self) -> bool:
        """Whether first answers would get worse by more than the office allows."""
        return self.drop > self.most_drop

    @property
    def is_refused(self) -> bool:
        """Whether it must not be published."""
        return bool(self.faults or self.lost or self.drops_too_far)


def write_proof(proof: RegressionReport) -> bytes:
    """For the database."""
    return zlib.compress(TypeAdapter(RegressionReport).dump_json(proof))


def read_proof(written: bytes) -> RegressionReport:
    """What `write_proof` wrote."""
    return TypeAdapter(RegressionReport).validate_json(zlib.decompress(written))


@dataclass(frozen=True)
class RegressionRun:
    """One draft beside what is in force."""

    published: Understander
    draft: Understander
    thresholds: Thresholds
    now: datetime

    def faults(self, files: Files, shipped: Files) -> list[tuple[str, int, str, str]]:
        """Every fault of `content check`, and what was shipped and is gone."""
        today = self.now.astimezone(CITY_ZONE).date()
        found = check_files(files, today, lambda _: self.answerer(self.draft), shipped)
        return [(fault.file, fault.line, fault.what, fault.mend) for fault in found]

    def replay(self, cases: Path, faults: list[tuple[str, int, str, str]]) -> RegressionReport:
        """All sets asked before and after."""
        frozen, judged = read_cases(cases / FROZEN), read_cases(cases / JUDGED)
        asked = [*frozen, *judged, *_own(self.published.catalog), *_checks(self.published.catalog)]
        was, becomes = (predict(self.answerer(each), asked) for each in (self.published, self.draft))
        lost = list(self._lost(asked, was, becomes))
        lost += [each for case in _added(self) for each in self._unheard(case)]
        turned = [
            ChangedAnswer(case.text, _first(old), _first(new))
            for case, old, new in zip(asked, was, becomes, strict=True)
            if _first(old) != _first(new)
        ]
        near = [Collision(*each) for each in collisions(self.published, self.draft)]
        sets = slice(len(frozen) + len(judged))
        figures = self._figures(asked[sets], was[sets], becomes[sets])
        return RegressionReport(faults, lost, turned, near, figures, self.published.catalog.publishing.most_drop)

    def answerer(self, understander: Understander) -> Answerer:
        """Asks one of the two."""

        def answer(text: str) -> tuple[Route, tuple[str, ...]]:
            reply = answer_once(understander, self.thresholds, text, self.now).reply
            return reply.route, tuple(shown.id for shown in reply.entries)

        return answer

    def _lost(
        self, cases: Sequence[ScoredCase], was: Sequence[Prediction], becomes: Sequence[Prediction]
    ) -> Iterable[Regression]:
        """What is heard now must be heard then, by everything together and by the words alone."""
        for case, old, new in zip(cases, was, becomes, strict=True):
            if case.route not in _LOUD:
                continue
            heard, hears = (_by_lists(each, case.text) for each in (self.published, self.draft))
            cause = partial(cause_of, self.published, self.draft, case.text)
            if _is_less(case.route, old.route, new.route):
                yield Regression(case.text, case.route, old.route, new.route, by_lists=False, cause=cause())
            elif _is_less(case.route, heard, hears):
                yield Regression(case.text, case.route, heard, hears, by_lists=True, cause=cause())

    def _unheard(self, case: ScoredCase) -> Iterable[Regression]:
        """A message that the draft itself adds to the set, and does not hear."""
        route, _ = self.answerer(self.draft)(case.text)
        if _is_less(case.route, case.route, route):
            yield Regression(case.text, case.route, NEW, route, by_lists=False, cause=Cause())

    def _figures(
        self, cases: Sequence[ScoredCase], was: Sequence[Prediction], becomes: Sequence[Prediction]
    ) -> list[tuple[str, float, float, int]]:
        before = score(cases, was, self.published.catalog.triage)
        after = score(cases, becomes, self.draft.catalog.triage)
        return [(name, before[name]["value"], after[name]["value"], int(before[name]["n"])) for name in FIGURES]


def _own(catalog: Catalog) -> list[ScoredCase]:
    return [ScoredCase(each.text, each.route, ()) for each in catalog.safety]


def _checks(catalog: Catalog) -> list[ScoredCase]:
    return [ScoredCase(check.text, Route.ANSWER, check.accept) for check in catalog.checks]


def _added(proving: RegressionRun) -> list[ScoredCase]:
    known = {case.text for case in proving.published.catalog.safety}
    return [case for case in _own(proving.draft.catalog) if case.text not in known]


def _first(answered: Prediction) -> tuple[str, str]:
    return answered.route, answered.entries[0] if answered.entries else ""


def _by_lists(understander: Understander, text: str) -> Route:
    found = worst(understander.catalog.triage.read(text), understander.catalog.kinds)
    return found.route if found else Route.UNKNOWN


def _is_less(due: Route, before: Route, after: Route) -> bool:
    """Whether it is heard less than before, and less than is due to it."""
    return _LOUD.get(after, 0) < min(_LOUD.get(before, 0), _LOUD[due])
