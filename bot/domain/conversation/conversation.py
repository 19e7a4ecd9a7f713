"""State of the dialogue with a resident between two messages."""

import json
from dataclasses import asdict, dataclass, field

from bot.domain.messages import Choice


@dataclass(frozen=True)
class Conversation:
    """State of a dialogue. Stored sealed: its topics are private."""

    entry: str = ""
    choices: tuple[Choice, ...] = ()
    others: tuple[str, ...] = ()
    questions_back: int = 0
    unsettled: bool = field(default=False)
    """The last message was not answered: the next one may be its second half."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, written: str) -> "Conversation":
        values = json.loads(written)
        values["choices"] = tuple(Choice(**choice) for choice in values["choices"])
        values["others"] = tuple(values["others"])
        return cls(**values)
