"""Fill the placeholders of the content's sentences. Phone numbers are only written as `{tel:id-of-a-line}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z0-9-]+))?\}")


class WordingError(Exception):
    """A sentence is missing, or one of its placeholders has no value."""


class HasPhone(Protocol):
    """The part of a phone line that sentences need."""

    @property
    def phone(self) -> str:
        """The number as shown."""


@dataclass(frozen=True)
class Wording:
    """The sentences of a revision. `easy`: prefer the easy-Japanese form if there is one."""

    sentences: Mapping[str, str]
    lines: Mapping[str, HasPhone]
    easy: bool = False

    def kind_name(self, kind: str) -> str:
        """The name of a kind of danger or distress; its id if the content no longer lists it."""
        key = f"kind-{kind}"
        return self.say(key) if key in self.sentences else kind

    def say(self, key: str, /, **values: object) -> str:
        """The sentence with its placeholders filled. Raises WordingError."""
        sentence = (self.sentences.get(f"{key}.easy") if self.easy else None) or self.sentences.get(key)
        if sentence is None:
            message = f"the content has no sentence {key!r}"
            raise WordingError(message)

        def fill(match: re.Match[str]) -> str:
            name, line = match.groups()
            if name == "tel":
                return self.lines[line].phone
            if name not in values:
                message = f"the sentence {key!r} wants {{{name}}}, which is not known there"
                raise WordingError(message)
            return str(values[name])

        return PLACEHOLDER.sub(fill, sentence)
