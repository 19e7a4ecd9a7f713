"""Staff in Telegram: their own chats and the group of the desk, paired by codes."""

from dataclasses import dataclass

from bot.domain.cases.case import Case
from bot.domain.staff.permissions import Staff
from bot.handlers.app_context import AppContext
from bot.handlers.staff.chat_pairing import confirm, offer, read_chats
from bot.storage.delivery.outbox_reads import read_notices
from tests.support.desk_staff import hire
from tests.support.line.line_bot import until
from tests.support.telegram.telegram_bot import TelegramBot
from tests.support.telegram.telegram_residents import person, press, supergroup, text
from tests.support.telegram.telegram_server import Taken

PLACE = supergroup("staff")


@dataclass
class StaffRoom:
    """A bot on Telegram and the staff who are told there."""

    bot: TelegramBot
    admin: Staff

    @property
    def context(self) -> AppContext:
        return self.bot.context

    def hire(self, login: str) -> Staff:
        return hire(self.context, login)[0]

    def pair(self, who: Staff, name: str, place: int = 0, says: str = "職員　") -> None:
        """A code is shown at the desk, written in the chat, confirmed at the desk."""
        code = offer(self.context, who, "telegram", for_group=bool(place))
        chat, before = place or person(name), len(self.bot.telegram.to(place or person(name)))
        self.bot.gets(text(f"{says}{code}", name, place))
        assert "コードを受け取りました" in self.bot.next_to(chat, before).text
        (written,) = [each for each in read_chats(self.context, who).chats if each.state == "written"]
        confirm(self.context, who, written.id)
        assert "つながりました" in self.bot.next_to(chat, before + 1).text

    def case(self) -> Case:
        (found,) = self.bot.all_cases()
        return found

    def notice(self, place: int = PLACE, words: str = "緊急") -> Taken:
        """The newest notice in the chat with these words, as it stands now."""
        until(lambda: any(words in each.text for each in self.bot.telegram.to(place)))
        return [each for each in self.bot.telegram.to(place) if words in each.text][-1]

    def press(self, name: str, place: int = PLACE) -> str:
        """Somebody presses the claim button; what the window over their chat says."""
        pressed = press(f"claim:{self.case().id}", name, place, self.notice(place).id)
        number = pressed["callback_query"]["id"]
        assert self.bot.gets(pressed) == {}
        until(lambda: number in self.bot.telegram.toasts)
        return self.bot.telegram.toasts[number]

    def states(self) -> set[tuple[str, str]]:
        """(why, state) of the notices about the case."""
        with self.context.store.reading() as connection:
            return {(why, state) for _, why, _, state in read_notices(connection, self.case().id)}

    def chats(self) -> list[str]:
        """The states of the group's row."""
        return [each.state for each in read_chats(self.context, self.admin).chats if each.is_group]
