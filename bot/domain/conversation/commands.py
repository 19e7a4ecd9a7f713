"""Short messages that steer the dialogue: やめる, 電話番号は？, １, いちばん上, a part of a button's label."""

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz import fuzz

from bot.domain.cases.case_transitions import FollowUpReport
from bot.domain.messages import CANCEL, Choice
from bot.domain.understanding.normalise import fold, squeeze

ALWAYS = ("stop", "restart", "menu", "person", "cancel", "return")
"""Understood at every step."""
WHILE_OPEN = ("for-other",)
"""Understood while the writer has an open case."""
AFTER_END = tuple(FollowUpReport)
"""Understood after a case has ended."""
AFTER_ANSWER = (
    "phone", "more", "others", "hours", "side",
    "actor-resident", "actor-community", "actor-business", "actor-city", "actor-council",
)  # fmt: skip
"""Understood after an answer."""
_ALIKE = 88
_LONGEST = 16
_PART = 2
_ORDINALS = ("first", "second", "third")
_NUMBER = re.compile(
    r"^(?:no)?([1-9]|[一二三四五六七八九])(?:番|ばん|番目|つ目|です|で|がいい|を?お?ねがい(?:します)?|にします)*$"
)
_KANJI_DIGITS = "一二三四五六七八九"
_POLITE = re.compile(
    r"(ですか|でしょうか|ますか|教えてください|をおしえて|おしえて|教えて|下さい|ください|お願いします|です|をみる|を見る|かな|のこと|で|を)$"
)


def command(says: Mapping[str, tuple[str, ...]], text: str, names: tuple[str, ...]) -> str:
    """The command that a short message means; empty if none."""
    said = squeeze(text)
    if not said or len(said) > _LONGEST:
        return ""
    short = _POLITE.sub("", said) or said
    best, name = max(
        ((_likeness(short, said, phrase), name) for name in names for phrase in _squeezed(says.get(name, ()))),
        default=(0.0, ""),
    )
    return name if best >= _ALIKE else ""


def chosen(says: Mapping[str, tuple[str, ...]], text: str, choices: tuple[Choice, ...]) -> Choice | None:
    """The button that a typed message means: by its number, position, label, or a part that only its label has."""
    if not choices:
        return None
    said = squeeze(text)
    exact = [choice for choice in choices if squeeze(choice.label) == said]
    if exact:
        return exact[0]
    position = _position(says, text, len(choices))
    if position is not None:
        return choices[position] if _is_light(choices[position]) else None
    if not _PART <= len(said) <= _LONGEST:
        return None
    partly = [choice for choice in choices if said in squeeze(choice.label)]
    return partly[0] if len(partly) == 1 and _is_light(partly[0]) else None


def _is_light(choice: Choice) -> bool:
    """Whether a number or a part of the label may select it: 「1」 is an answer too, and must not withdraw an SOS."""
    return choice.does.partition("@")[0] not in {CANCEL, *WHILE_OPEN, *AFTER_END}


def mentions(says: Mapping[str, tuple[str, ...]], text: str, name: str) -> bool:
    """Whether the message contains a phrase of the command `name`."""
    said = squeeze(text)
    return any(phrase in said for phrase in _squeezed(says.get(name, ())))


def _position(says: Mapping[str, tuple[str, ...]], text: str, count: int) -> int | None:
    match = _NUMBER.match(re.sub(r"[\s.。、!？?)）(（]", "", fold(text)))
    if match:
        digit = match.group(1)
        number = int(digit) if digit.isdigit() else _KANJI_DIGITS.index(digit) + 1
        return number - 1 if number <= count else None
    said = _POLITE.sub("", squeeze(text))
    for position, name in enumerate(_ORDINALS):
        if said in _squeezed(says.get(name, ())) and position < count:
            return position
    return count - 1 if said in _squeezed(says.get("last", ())) else None


@lru_cache(maxsize=256)
def _squeezed(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Cached: the phrases of a command are content, and the same for every message."""
    return tuple(map(squeeze, phrases))


def _likeness(short: str, said: str, phrase: str) -> float:
    return max(fuzz.ratio(short, phrase), fuzz.ratio(said, phrase))
