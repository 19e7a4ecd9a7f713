"""Compare a draft with the published content: faults, missed calls for help, changed answers, figures."""

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
from bot.domain.understanding.kinds import worst
from bot.domain.understanding.understander import Understander
from bot.handlers.content.checks.evaluate import Prediction, ScoredCase, predict, read_cases, score
from bot.handlers.content.checks.explain_regressions import cause_of, collisions
from bot.handlers.content.checks.regression_report import Cause, ChangedAnswer, Collision, Regression, RegressionReport

FROZEN = "safety.jsonl"
"""Set of messages: no publish may detect fewer emergencies in it."""
JUDGED = "heldout.jsonl"
FIGURES = (
    "first", "shown", "at_once", "at_once_right", "emergency_recall", "emergency_recall_lists_only", "desk_recall",
    "answer_to_desk", "answer_to_emergency", "unknown_answered",
)  # fmt: skip
_SEVERITY = {Route.EMERGENCY: 2, Route.DESK: 1}
NEW = "new"
"""Replaces the old route for a safety message that the draft itself adds."""


@dataclass(frozen=True)
class RegressionRun:
    """One draft compared with the published content."""

    published: Understander
    draft: Understander
    now: datetime
    answerer: Callable[[Understander], Answerer]
    """Makes an answerer of either content."""

    def faults(self, files: Files, shipped: Files) -> list[tuple[str, int, str, str]]:
        """Every fault of `content check`, and shipped parts that are missing: (file, line, what, how to fix)."""
        today = self.now.astimezone(CITY_ZONE).date()
        faults = check_files(files, today, lambda _: self.answerer(self.draft), shipped)
        return [(fault.file, fault.line, fault.what, fault.mend) for fault in faults]

    def replay(self, cases: Path, faults: list[tuple[str, int, str, str]]) -> RegressionReport:
        """Let both contents answer all test messages, and compare."""
        frozen, judged = read_cases(cases / FROZEN), read_cases(cases / JUDGED)
        asked = [*frozen, *judged, *_own(self.published.catalog), *_checks(self.published.catalog)]
        was, becomes = (predict(self.answerer(content), asked) for content in (self.published, self.draft))
        lost = list(self._lost(asked, was, becomes))
        lost += [missed for case in _added(self) for missed in self._missed_addition(case)]
        turned = [
            ChangedAnswer(case.text, _first(old), _first(new))
            for case, old, new in zip(asked, was, becomes, strict=True)
            if _first(old) != _first(new)
        ]
        near = [Collision(*names) for names in collisions(self.published, self.draft)]
        sets = slice(len(frozen) + len(judged))
        figures = self._figures(asked[sets], was[sets], becomes[sets])
        return RegressionReport(faults, lost, turned, near, figures, self.published.catalog.publishing.most_drop)

    def _lost(
        self, cases: Sequence[ScoredCase], was: Sequence[Prediction], becomes: Sequence[Prediction]
    ) -> Iterable[Regression]:
        """Calls for help that the draft misses, with all detection together or with the word lists alone."""
        for case, old, new in zip(cases, was, becomes, strict=True):
            if case.route not in _SEVERITY:
                continue
            listed_before, listed_after = (_by_lists(content, case.text) for content in (self.published, self.draft))
            cause = partial(cause_of, self.published, self.draft, case.text)
            if _is_less_severe(case.route, old.route, new.route):
                yield Regression(case.text, case.route, old.route, new.route, by_lists=False, cause=cause())
            elif _is_less_severe(case.route, listed_before, listed_after):
                yield Regression(case.text, case.route, listed_before, listed_after, by_lists=True, cause=cause())

    def _missed_addition(self, case: ScoredCase) -> Iterable[Regression]:
        """Whether the draft misses a safety message that it adds itself."""
        route, _ = self.answerer(self.draft)(case.text)
        if _is_less_severe(case.route, case.route, route):
            yield Regression(case.text, case.route, NEW, route, by_lists=False, cause=Cause())

    def _figures(
        self, cases: Sequence[ScoredCase], was: Sequence[Prediction], becomes: Sequence[Prediction]
    ) -> list[tuple[str, float, float, int]]:
        before = score(cases, was, self.published.catalog.triage)
        after = score(cases, becomes, self.draft.catalog.triage)
        return [(name, before[name]["value"], after[name]["value"], int(before[name]["n"])) for name in FIGURES]


def _own(catalog: Catalog) -> list[ScoredCase]:
    return [ScoredCase(example.text, example.route, ()) for example in catalog.safety]


def _checks(catalog: Catalog) -> list[ScoredCase]:
    return [ScoredCase(check.text, Route.ANSWER, check.accept) for check in catalog.checks]


def _added(run: RegressionRun) -> list[ScoredCase]:
    known = {case.text for case in run.published.catalog.safety}
    return [case for case in _own(run.draft.catalog) if case.text not in known]


def _first(prediction: Prediction) -> tuple[str, str]:
    return prediction.route, prediction.entries[0] if prediction.entries else ""


def _by_lists(understander: Understander, text: str) -> Route:
    signal = worst(understander.catalog.triage.read(text), understander.catalog.kinds)
    return signal.route if signal else Route.UNKNOWN


def _is_less_severe(due: Route, before: Route, after: Route) -> bool:
    """Whether severity falls below both the earlier and the expected (`due`) one."""
    return _SEVERITY.get(after, 0) < min(_SEVERITY.get(before, 0), _SEVERITY[due])
