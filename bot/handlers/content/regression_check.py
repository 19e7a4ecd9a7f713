"""What a draft would do to residents, before it reaches them: faults, lost cries, answers that change, figures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.content.check.checker import check_files
from bot.content.content_files import Files
from bot.domain.catalog import Catalog
from bot.domain.city_calendar import CITY_ZONE
from bot.domain.messages import Answerer, Route
from bot.domain.understanding.triage import worst
from bot.domain.understanding.understander import Understander
from bot.handlers.content.evaluate import Prediction, ScoredCase, predict, read_cases, score
from bot.handlers.content.explain_regressions import cause_of, collisions
from bot.handlers.content.regression_report import Cause, ChangedAnswer, Collision, Regression, RegressionReport

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
class RegressionRun:
    """One draft beside what is in force."""

    published: Understander
    draft: Understander
    now: datetime
    answerer: Callable[[Understander], Answerer]
    """Asks one of the two."""

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
    found = worst(understander.catalog.triage.read(text))
    return found.route if found else Route.UNKNOWN


def _is_less(due: Route, before: Route, after: Route) -> bool:
    """Whether it is heard less than before, and less than is due to it."""
    return _LOUD.get(after, 0) < min(_LOUD.get(before, 0), _LOUD[due])
