"""Staff on Telegram: private chats and the desk's group, paired with codes."""

from dataclasses import dataclass

from bot.domain.cases.case import Case
from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.chat_pairing import confirm, offer, read_chats
from bot.storage.delivery.outbox_reads import read_notices
from tests.support.line.line_bot import wait_until
from tests.support.staff.desk_staff import make_staff
from tests.support.telegram.telegram_bot import TelegramBot
from tests.support.telegram.telegram_residents import person, press, supergroup, text
from tests.support.telegram.telegram_server import Taken

PLACE = supergroup("staff")


@dataclass
class TelegramStaff:
    """A bot on Telegram whose staff are notified there."""

    bot: TelegramBot
    admin: Staff

    @property
    def context(self) -> AppContext:
        return self.bot.context

    def make_staff(self, login: str) -> Staff:
        return make_staff(self.context, login)[0]

    def pair(self, who: Staff, name: str, place: int = 0, says: str = "職員　") -> None:
        """Show a code at the desk, write it in the chat, confirm it at the desk."""
        code = offer(self.context, who, "telegram", for_group=bool(place))
        chat, before = place or person(name), len(self.bot.telegram.to(place or person(name)))
        self.bot.gets(text(f"{says}{code}", name, place))
        assert "コードを受け取りました" in self.bot.next_to(chat, before).text
        (written,) = [chat_row for chat_row in read_chats(self.context, who).chats if chat_row.state == "written"]
        confirm(self.context, who, written.id)
        assert "つながりました" in self.bot.next_to(chat, before + 1).text

    def case(self) -> Case:
        (case,) = self.bot.all_cases()
        return case

    def notice(self, place: int = PLACE, words: str = "緊急") -> Taken:
        """Wait for a notice with these words; returns the newest, after its latest edit."""
        wait_until(lambda: any(words in message.text for message in self.bot.telegram.to(place)))
        return [message for message in self.bot.telegram.to(place) if words in message.text][-1]

    def press(self, name: str, place: int = PLACE) -> str:
        """Press the claim button; returns the text of the toast."""
        pressed = press(f"claim:{self.case().id}", name, place, self.notice(place).id)
        number = pressed["callback_query"]["id"]
        assert self.bot.gets(pressed) == {}
        wait_until(lambda: number in self.bot.telegram.toasts)
        return self.bot.telegram.toasts[number]

    def states(self) -> set[tuple[str, str]]:
        """(reason, state) of each notice about the case."""
        with self.context.store.reading() as connection:
            return {(why, state) for _, why, _, state in read_notices(connection, self.case().id)}

    def chats(self) -> list[str]:
        """States of the group chats."""
        return [chat.state for chat in read_chats(self.context, self.admin).chats if chat.is_group]
