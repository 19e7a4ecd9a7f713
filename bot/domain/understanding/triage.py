"""Triage: is somebody in danger, or asking for a person? Searches the whole text by word lists, apart from matching.

The lists are in `intents/triage/` and, for a single kind, in `intents/kinds.yaml`. Words are compared after
`normalise.squeeze` (so that spaces, marks and katakana do not hide them); `…` in a word stands for up to eight
characters. A rule fires if words of all its groups are close together and none of its exceptions is nearby. Idioms are
blanked out first.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from bot.domain.messages import Route
from bot.domain.understanding.kinds import KindId, Kinds, Signal
from bot.domain.understanding.normalise import fold, squeeze

WINDOW = 60
"""Characters within which the groups of one rule must occur, unless the rule sets its own window."""
_GAP = ".{0,8}"
_JAPANESE = re.compile("[ぁ-ヿ一-龠々]")
_NOTHING = re.compile("(?!)")


@dataclass(frozen=True)
class WordGroup:
    """Words that are equivalent for triage, compiled once: Japanese squeezed, other scripts as whole words."""

    name: str
    japanese: re.Pattern[str]
    foreign: re.Pattern[str]

    @classmethod
    def of(cls, name: str, words: tuple[str, ...]) -> "WordGroup":
        japanese = sorted({_squeezed(word) for word in words if _JAPANESE.search(word)} - {""}, key=len, reverse=True)
        foreign = sorted({fold(word) for word in words if not _JAPANESE.search(word)} - {""}, key=len, reverse=True)
        return cls(name, _any_of(japanese), _any_of([_whole_word(word) for word in foreign]))


@dataclass(frozen=True)
class Rule:
    """One way to recognise a kind: a word of every group in `every` within the window, none of `unless` nearby.

    Nearby: within the window or 60 characters, whichever is wider; a calming word may be anywhere in a sentence.

    `whole`: the first group's word must be the whole message, except for words in `Triage.padding`.
    """

    kind: KindId
    route: Route
    every: tuple[WordGroup, ...]
    unless: tuple[WordGroup, ...] = ()
    window: int = WINDOW
    whole: bool = False


@dataclass(frozen=True)
class Triage:
    """The rules in force, the idioms that are no alarm, and the words that mark a request for information."""

    rules: tuple[Rule, ...]
    idioms: WordGroup
    information: WordGroup
    padding: WordGroup = field(default_factory=lambda: WordGroup.of("padding", ()))
    kinds: Kinds = field(default_factory=Kinds)

    def read(self, text: str) -> tuple[Signal, ...]:
        """Every kind found in the text, the worst first; one signal per kind."""
        forms = self._forms(text)
        signals: dict[KindId, Signal] = {}
        for rule in self.rules:
            if rule.kind not in signals and _fires(rule, forms, self.padding):
                signals[rule.kind] = Signal(rule.kind, rule.route)
        return tuple(signals[kind] for kind in self.kinds.in_order(signals))

    def asks_for_information(self, text: str) -> bool:
        """Whether it reads like a question about a subject (a course, a plan), not like a cry for help."""
        return bool(self.information.japanese.search(squeeze(text)))

    def _forms(self, text: str) -> tuple[str, str]:
        """The text for Japanese words and for words of other scripts, both without idioms."""
        blank = "\n"
        return self.idioms.japanese.sub(blank, squeeze(text)), self.idioms.foreign.sub(blank, fold(text))


def _fires(rule: Rule, forms: tuple[str, str], padding: WordGroup) -> bool:
    japanese, foreign = forms
    if rule.whole:
        if rule.every[0].foreign.fullmatch(foreign.strip("!！?？。. \n")):
            return True
        rest = rule.every[0].japanese.sub("", japanese)
        return rest != japanese and not padding.japanese.sub("", rest).strip()
    if len(rule.every) == 1 and rule.every[0].foreign.search(foreign):
        return True
    every: list[list[int]] = []
    for group in rule.every:
        every.append(_places(group.japanese, japanese))
        if not every[-1]:
            return False
    first, *others = every
    exceptions = sorted(place for group in rule.unless for place in _places(group.japanese, japanese))
    calm = max(rule.window, WINDOW)
    return any(
        all(_near(place, hits, rule.window) for hits in others) and not _near(place, exceptions, calm)
        for place in first
    )


def _places(pattern: re.Pattern[str], text: str) -> list[int]:
    return [hit.start() for hit in pattern.finditer(text)]


def _near(place: int, hits: list[int], window: int) -> bool:
    """Whether one of the ascending hits is in the window. Bisected: a text that repeats one word must not be slow."""
    after = bisect_left(hits, place - window)
    return after < len(hits) and hits[after] <= place + window


def _squeezed(word: str) -> str:
    return _GAP.join(re.escape(squeeze(part)) for part in word.split("…"))


def _whole_word(word: str) -> str:
    """A word of another script: nothing of the Latin or Cyrillic alphabet may touch it; Chinese and Korean may."""
    edges = (r"(?<![^\W\d_])", r"(?![^\W\d_])") if re.match(r"[a-zа-яà-ỹऀ-ॿ]", word) else ("", "")
    return edges[0] + re.escape(word) + edges[1]


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns)) if patterns else _NOTHING
