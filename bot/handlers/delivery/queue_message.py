"""Queue messages to residents about their case, on their own channel, outside their quiet hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.cases.case import Case, shown_number
from bot.domain.cases.case_deadlines import may_write_at
from bot.domain.cases.duty_roster import DutyRoster
from bot.domain.catalog import Catalog
from bot.domain.city_calendar import CITY_ZONE, is_holiday
from bot.domain.conversation.crisis_replies import CrisisReplyWriter
from bot.domain.conversation.phone_lines import ReplyContext
from bot.domain.conversation.replies import ReplyWriter
from bot.domain.messages import Reply
from bot.storage.conversation.message_rows import last_message
from bot.storage.conversation.resident_rows import channel_of
from bot.storage.delivery.outbox_rows import OutboundAnswer, add_outbound
from bot.storage.sealing import Keyring

WEB_CHANNEL = "web"
"""The channel of the chat page, which shows stored messages; nothing is sent."""


@dataclass(frozen=True)
class MessageContext:
    """`author`: the member of staff who writes; empty for the bot."""

    case: Case
    roster: DutyRoster
    now: datetime
    author: str = ""
    private_link: str = ""


def queue_for_resident(
    connection: Connection,
    keys: Keyring,
    catalog: Catalog,
    about: MessageContext,
    write: Callable[[CrisisReplyWriter], Reply],
) -> None:
    """Queue the message in the transaction that changes the case. Drills are not sent."""
    case, now = about.case, about.now
    channel = channel_of(connection, case.resident)
    moment = ReplyContext(
        now.astimezone(CITY_ZONE),
        is_holiday,
        shown_number(case.number),
        roster=about.roster,
        private_link=about.private_link,
    )
    reply = write(ReplyWriter.of(catalog, moment).crisis)
    to, position = last_message(connection, case.id)
    goes_out = channel != WEB_CHANNEL and not case.is_drill
    answer = OutboundAnswer(
        case.resident,
        to,
        reply,
        now,
        channel if goes_out else "",
        urgent=True,
        position=position,
        author=about.author,
        due_at=may_write_at(case.quiet_from, case.quiet_until, now),
    )
    add_outbound(connection, keys, answer)
