"""Answer one message without storing anything, for `ask`, `chat` and `evaluate`. Same steps as `receive`."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.conversation import Conversation
from bot.domain.conversation.dialogue_step import step
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.turn import Turn
from bot.domain.messages import Answerer, Route
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.normalise import clean_input
from bot.domain.understanding.understander import Understander

TRIAL_NUMBER = "(ためし)"
"""Shown in place of a case number, because no case is stored."""


def answer_once(
    understander: Understander,
    thresholds: Thresholds,
    text: str,
    now: datetime,
    talk: Conversation = Conversation(),  # noqa: B008 -- frozen
) -> Turn:
    """The turn that this message would cause. `now` must be aware."""
    reply_context = ReplyContext(now.astimezone(CITY_ZONE), is_holiday, TRIAL_NUMBER)
    understood = understander.understand(clean_input(text))
    return step(understander.catalog, thresholds, talk, understood, reply_context)


def answerer(understander: Understander, thresholds: Thresholds, now: Callable[[], datetime]) -> Answerer:
    """A stateless bot: each message, without history, to its route and the ids of the entries shown."""

    def answer(text: str) -> tuple[Route, tuple[str, ...]]:
        reply = answer_once(understander, thresholds, text, now()).reply
        return reply.route, tuple(entry.id for entry in reply.entries)

    return answer
