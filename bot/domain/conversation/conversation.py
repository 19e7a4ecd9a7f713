"""Where a talk with a resident stands between two messages."""

import json
from dataclasses import asdict, dataclass, field

from bot.domain.messages import Choice


@dataclass(frozen=True)
class Conversation:
    """Where a talk stands. Kept sealed: the topics of a talk are its resident's."""

    entry: str = ""
    choices: tuple[Choice, ...] = ()
    others: tuple[str, ...] = ()
    questions_back: int = 0
    unsettled: bool = field(default=False)
    """The last message was not answered: the next may be its second half."""

    def to_json(self) -> str:
        """As text, to be sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, written: str) -> "Conversation":
        """From what `to_json` wrote."""
        values = json.loads(written)
        values["choices"] = tuple(Choice(**choice) for choice in values["choices"])
        values["others"] = tuple(values["others"])
        return cls(**values)
