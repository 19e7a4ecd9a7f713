"""One message answered without keeping anything: `ask`, `chat`, `evaluate`; the steps of `receive`, minus storage."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import Turn, step
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.messages import Answerer, Route
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.normalise import clean_input
from bot.domain.understanding.understander import Understander

TRIAL_NUMBER = "(ためし)"
"""Said where a case number would be given: nothing was stored."""


def answer_once(
    understander: Understander,
    thresholds: Thresholds,
    text: str,
    now: datetime,
    talk: Conversation = Conversation(),  # noqa: B008 -- frozen
) -> Turn:
    """The turn that this message would bring; `now` is aware."""
    moment = ReplyContext(now.astimezone(CITY_ZONE), is_holiday, TRIAL_NUMBER)
    understood = understander.understand(clean_input(text))
    return step(understander.catalog, thresholds, talk, understood, moment)


def answerer(understander: Understander, thresholds: Thresholds, now: Callable[[], datetime]) -> Answerer:
    """A bot that is asked one message after the other: each by itself, to its route and the entries that are shown."""

    def answer(text: str) -> tuple[Route, tuple[str, ...]]:
        reply = answer_once(understander, thresholds, text, now()).reply
        return reply.route, tuple(shown.id for shown in reply.entries)

    return answer
